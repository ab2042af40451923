"""A brand that delivers to a till: warehouse, `destinations.yml`, a receiver behind a real server.

Belongs here: what the tests of faults and kills share. Does not belong here: expectations.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from orchestration.activation import SyncReport, run_sync
from tests.destinations.http_server import Fault, Server, http_server
from tests.destinations.webhook_receiver import SECRET, Receiver
from tests.syncs import Brand, definition, make_brand

ROWS_PER_REQUEST = 5
PATIENCE_S = 30  # a server that answers is waited for, however busy the machine is


@dataclass
class Till:
    """Brand, server and receiver; `waits` are the pauses that the engine made."""

    brand: Brand
    server: Server
    receiver: Receiver
    waits: list[float] = field(default_factory=list)

    def run(self, *faults: Fault | None, **values: object) -> SyncReport:
        """One run of the sync to the till, with these faults on its first requests."""
        self.server.faults.extend(faults)
        report = run_sync(
            self.brand.connection,
            definition(destination="till", **values),
            paths=self.brand.paths,
            now=self.brand.now,
            sleep=self.waits.append,
        )
        assert not self.server.faults, "a fault was not met"
        return report


def describe_till(folder: Path, url: str, settings: dict[str, object] | None = None) -> None:
    """Write the `destinations.yml` of a brand whose till is at a URL."""
    folder.mkdir(parents=True, exist_ok=True)
    till = {
        "connector": "webhook",
        "settings": {
            "url": url,
            "rows_per_request": ROWS_PER_REQUEST,
            "parallel_requests": 1,
            "connect_timeout_s": PATIENCE_S,
            "read_timeout_s": PATIENCE_S,
            **(settings or {}),
        },
    }
    (folder / "destinations.yml").write_text(yaml.safe_dump({"till": till}), encoding="utf-8")


@contextmanager
def open_till(folder: Path, *, persons: int = 10, **settings: object) -> Generator[Till]:
    """A brand with so many people and consents, and a till that answers."""
    os.environ["CROSSWEAVE_TILL_SECRET"] = SECRET
    brand = make_brand(folder)
    for number in range(persons):
        brand.person(number)
    receiver = Receiver(ignores_known_ids=bool(settings.get("ignores_known_ids", True)))
    with http_server(receiver) as server:
        describe_till(brand.paths.tenant_folder, f"{server.url}/hook", settings)
        try:
            yield Till(brand, server, receiver)
        finally:
            os.environ.pop("CROSSWEAVE_TILL_SECRET", None)


def wait_for(faults: Iterable[Fault | None]) -> dict[str, object]:
    """Settings of a till that will meet these faults: who is silent is soon given up on."""
    return {"read_timeout_s": 2} if any(fault and fault.is_silent for fault in faults) else {}


def ids(numbers: Sequence[int]) -> list[str]:
    """Ids of the people as `Brand.person` makes them."""
    return [f"p{number:04d}" for number in numbers]
