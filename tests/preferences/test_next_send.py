"""From the page to the very next send: a served page, a sync, and landing in between.

The service is a process of its own, landing is the real gate; what the warehouse was built from is
written by hand and stays as it is, so whatever is refused is refused by words that no build knows.
"""

from __future__ import annotations

import shutil
from collections.abc import Generator
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from orchestration.ingestion.gate import land_source
from orchestration.preferences.journal import CONSENTS
from orchestration.settings import Source, load_tenant
from tests.preferences.served import Service, make_tenant, serving
from tests.syncs import Brand, definition, make_brand

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def brand(tmp_path: Path) -> Brand:
    """Three persons with an address each, who agreed to e-mail."""
    make_tenant(tmp_path)
    brand = make_brand(tmp_path)
    for number in range(3):
        brand.profile(brand.person(number), timezone="UTC")
    return brand


@pytest.fixture
def service(brand: Brand) -> Generator[Service]:
    with serving(brand.paths) as running:
        yield running


def sent(brand: Brand, name: str) -> tuple[int, dict[str, int]]:
    """What a sync that never ran sends, and why not the rest; it is noon by its clock."""
    brand.clock = datetime(2026, 12, 1, 12, 0)
    report = brand.run(definition(sync=name, mode="insert", is_message=True))
    return report.total.succeeded, report.blocked_reasons


def test_what_is_said_on_the_page_is_honoured_by_the_very_next_send(
    brand: Brand, service: Service, tmp_path: Path
) -> None:
    assert sent(brand, "before") == (3, {})
    assert httpx.post(service.unsubscribe("k0000"), data=ONE_CLICK).status_code == 200
    told = {"action": "save", "channel": ["email", "sms"], "quiet_from": "11:00",
            "quiet_to": "13:00"}  # fmt: skip
    assert httpx.post(service.preferences("k0001"), data=told).status_code == 200
    refused = (1, {"consent_withdrawn": 1, "quiet_hours": 1})
    assert service.journal.open_file(CONSENTS).exists()
    assert sent(brand, "said") == refused

    report = land_source(
        brand.connection,
        tenant_paths=brand.paths,
        settings=load_tenant(brand.paths),
        source=Source(name="preference_center"),
    )
    assert (report.rows_loaded, report.rows_quarantined) == (2, 0)
    assert not service.journal.open_file(CONSENTS).exists()
    assert sent(brand, "landed") == refused

    shutil.move(service.journal.folder, tmp_path / "archive")
    assert sent(brand, "landed_and_left") == refused

    # back again, by the link of the address itself: what was agreed to before counts once more
    assert httpx.post(service.preferences("k0000"), data={"channel": "email"}).status_code == 200
    assert sent(brand, "back") == (2, {"quiet_hours": 1})


def test_unsubscribing_from_everything_reaches_the_persons_other_addresses(
    brand: Brand, service: Service
) -> None:
    """The link was in a mail to an address of somebody who has another one."""
    brand.consent("k9999", "p0002", status="granted", channel="sms")
    answer = httpx.post(service.preferences("k9999", channel="sms"), data={"action": "stop_all"})
    assert answer.status_code == 200
    assert sent(brand, "mails") == (2, {"consent_withdrawn": 1})
