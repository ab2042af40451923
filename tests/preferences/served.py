"""The preference service as a process of its own, over a small tenant, for tests.

Belongs here: starting and ending it, the links of its recipients, reading what it wrote. Does not
belong here: expectations.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import yaml

from orchestration.preferences.journal import Journal
from orchestration.preferences.links import VARIABLE, LinkKeys, preferences_url, unsubscribe_url
from orchestration.settings import PROJECT_ROOT, Paths

KEYS = LinkKeys(("key-of-the-preference-tests", "an-earlier-key-of-the-tests"))
ANNA, BELA = "a1" * 32, "b2" * 32
CHOICES = {
    "brand": "Alpenrose & Söhne",
    "channels": ["email", "sms"],
    "topics": {"ski": {"en": "Skiing", "de": "Skifahren"}, "trails": {"en": "Trails"}},
    "frequencies": ["weekly", "monthly"],
    "languages": ["en", "de", "fr"],
}


@dataclass
class Service:
    """A running service: its address, its tenant's paths, its process."""

    address: str
    paths: Paths
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    anna: str = ANNA

    @property
    def journal(self) -> Journal:
        return Journal.of(self.paths)

    def unsubscribe(self, key: str | None = None, *, channel: str = "email") -> str:
        """The one-click link of an address, Anna's where none is given."""
        return unsubscribe_url(
            self.address,
            KEYS,
            identifier_key=key or self.anna,
            channel=channel,
            purpose="marketing",
        )

    def preferences(self, key: str | None = None, *, channel: str = "email") -> str:
        """The link of the preference page of an address."""
        return preferences_url(
            self.address,
            KEYS,
            identifier_key=key or self.anna,
            channel=channel,
            purpose="marketing",
        )

    def rows(self, table: str) -> list[dict[str, str]]:
        """Everything that was written of a table, in order."""
        files = sorted(self.journal.files(table), key=lambda path: path.stat().st_mtime_ns)
        return [json.loads(line) for path in files for line in path.read_text("utf-8").splitlines()]


def make_tenant(root: Path, tenant: str = "test", **settings: object) -> Paths:
    """A tenant with a preference centre and nothing else; its paths."""
    paths = Paths(tenant=tenant, root=root)
    paths.tenant_folder.mkdir(parents=True)
    for name, content in (
        ("tenant.yml", {"sources": ["preference_center"], "country_code": "CH", **settings}),
        ("preferences.yml", CHOICES),
    ):
        text = yaml.safe_dump(content, allow_unicode=True)
        (paths.tenant_folder / name).write_text(text, encoding="utf-8")
    return paths


@contextmanager
def serving(paths: Paths, *arguments: str, log: Path | None = None) -> Generator[Service]:
    """Serve a tenant in a process of its own, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    output = subprocess.DEVNULL if log is None else log.open("wb")
    process = subprocess.Popen(
        [
            sys.executable, "-m", "orchestration.preferences", "serve",
            "--tenant", paths.tenant, "--port", str(port), *arguments,
        ],
        cwd=PROJECT_ROOT,
        env={**os.environ, "CROSSWEAVE_DATA_DIR": str(paths.root), VARIABLE: " ".join(KEYS.keys)},
        stdout=output,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    service = Service(f"http://127.0.0.1:{port}", paths, process)
    try:
        _wait_until_it_answers(service)
        yield service
    finally:
        process.terminate()
        process.wait(timeout=30)
        if not isinstance(output, int):
            output.close()


def _wait_until_it_answers(service: Service) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            if httpx.get(f"{service.address}/health", timeout=5).text == "ok":
                return
        except httpx.TransportError:
            assert service.process is None or service.process.poll() is None, "it did not start"
        assert time.monotonic() < deadline, "the service did not start within a minute"
        time.sleep(0.2)
