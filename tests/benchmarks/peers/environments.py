"""An environment of its own for each peer, made when it is first needed.

Belongs here: making `data/bench/envs/<peer>` from `<peer>.txt` and running a peer's script in it.
Does not belong here: what is compared.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.ground import BENCH
from tests.benchmarks.process import run

HERE = Path(__file__).resolve().parent


class PeerUnavailable(RuntimeError):
    """A peer cannot be installed here; the message says why, and stands in the results."""


def python_of(peer: str, *, pins: Path | None = None) -> Path:
    """The interpreter of a peer's environment, installed from its pins when they are new.

    `pins` is another file than `<peer>.txt`. Raises `PeerUnavailable` with the last line of the
    installer.
    """
    pins = pins or HERE / f"{peer}.txt"
    wanted = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()
    folder = BENCH / "envs" / peer
    marker, python = folder / "installed", folder / "bin" / "python"
    if marker.exists() and marker.read_text(encoding="utf-8") == wanted:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    # --no-deps: the pins are complete, and nothing is taken that they do not name
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    for command in ([sys.executable, "-m", "venv", folder], [python, *pip, "-r", pins]):
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            lines = (result.stderr or result.stdout).strip().splitlines() or ["no message"]
            raise PeerUnavailable(f"not installed: {lines[-1]}")
    marker.write_text(wanted, encoding="utf-8")
    return python


def run_peer(peer: str, *arguments: str | Path, script: str | None = None) -> dict[str, Any]:
    """Run `run_<peer>.py` in the peer's environment; its figures, with the memory of its process.

    `script` names another script, `run_<script>.py`.

    The script prints its figures as JSON in its last line. Raises `PeerUnavailable` or
    `CommandFailed`.
    """
    ran = run([python_of(peer), HERE / f"run_{script or peer}.py", *arguments])
    return {**json.loads(ran.output.splitlines()[-1]), "peak_bytes": ran.peak_bytes}


def in_turns(
    contestants: dict[str, Callable[[], dict[str, Any]]], runs: int, tell: Callable[[str], None]
) -> dict[str, dict[str, Any]]:
    """Run every contestant `runs` times, in turns, so that all meet the same state of the machine.

    Returns per contestant `all_seconds`, `peak_bytes` and whatever the last run said besides; one
    that is not available has a `note` that says why, and no seconds.
    """
    done: dict[str, dict[str, Any]] = {name: {"all_seconds": []} for name in contestants}
    for number in range(runs):
        for name, contestant in contestants.items():
            if "note" in done[name]:
                continue
            try:
                figures = contestant()
            except PeerUnavailable as error:
                done[name]["note"] = str(error)
                continue
            seconds = figures.pop("seconds")
            peak = max(figures.pop("peak_bytes"), done[name].get("peak_bytes", 0))
            done[name] = {
                **figures,
                "all_seconds": [*done[name]["all_seconds"], seconds],
                "peak_bytes": peak,
            }
            tell(f"{name}, run {number + 1}: {seconds:.2f} s")
    return done
