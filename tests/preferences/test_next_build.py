"""From the page to the very next send: one brand, landed, built, and sent for real.

Anna and Bela get e-mail; both agreed. Anna unsubscribes behind the link of her mail, Bela asks for
quiet hours. What the gate says is asked for before landing, after landing, after the build, and
when the file has left landing; the person that landing makes of a hash must be the one of the
address.
"""

from __future__ import annotations

import shutil
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from orchestration.activation import SyncReport, run_sync
from orchestration.preferences.journal import CONSENTS
from orchestration.warehouse import Warehouse
from tests.preferences.served import Service, make_tenant, serving
from tests.syncs import definition
from tests.tenants import Tenant

pytestmark = pytest.mark.slow

MODELS = (
    "+consent_by_identifier", "+suppressions", "+contact_preferences", "+identifiers", "+persons",
    "+identifier_person", "identity_levels",
)  # fmt: skip
PAYLOAD = """
    create schema if not exists activation;
    create schema if not exists segments;
    create or replace view activation.act_test__people as
        select person_id, identifier_key, identifier_value as email
        from pii.identifiers where identifier_type = 'email';
    create table if not exists segments.membership (
        segment varchar, person_id varchar, exited_at timestamp, is_holdout boolean
    );
"""


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> Tenant:
    """Two customers with an address each, landed and built."""
    root = tmp_path_factory.mktemp("next_send")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    make_tenant(
        root, "brand", sources=["canonical", "preference_center"], universal_holdout_pct=0,
        as_of=tomorrow.strftime("%Y-%m-%dT%H:%M:%S"),
    )  # fmt: skip
    tenant = Tenant(root, "brand")
    names = ("anna", "bela")
    tenant.land_csv(
        "identifiers_2026-06-30.csv",
        "source,record_id,identifier_type,identifier_value,observed_at,loaded_at,is_authenticated",
        [
            (
                "crm",
                f"r-{name}",
                kind,
                value,
                "2026-06-01T12:00:00Z",
                "2026-06-02T00:00:00Z",
                "true",
            )
            for name in names
            for kind, value in (("customer_id", f"c-{name}"), ("email", f"{name}@example.com"))
        ],
        source="canonical",
    )
    tenant.land_csv(
        "consents_2026-06-30.csv",
        "source,record_id,occurred_at,loaded_at,channel,purpose,status",
        [
            ("crm", f"r-{name}", "2026-06-01T12:00:00Z", "2026-06-02T00:00:00Z", "email",
             "marketing", "granted")
            for name in names
        ],
        source="canonical",
    )  # fmt: skip
    land_and_build(tenant)
    return tenant


def land_and_build(tenant: Tenant) -> None:
    tenant.run("--tenant", tenant.name, module="orchestration.ingestion")
    tenant.run("dbt", "build", "--quiet", "--indirect-selection", "cautious", "-s", *MODELS)


@pytest.fixture(scope="module")
def service(brand: Tenant) -> Generator[Service]:
    with serving(brand.paths) as running:
        yield running


def send(brand: Tenant, name: str) -> SyncReport:
    """A sync that has never run: everybody is to be sent to."""
    with Warehouse(brand.paths.warehouse).connect() as connection:
        connection.execute(PAYLOAD)
        return run_sync(connection, definition(sync=name, key="person_id"), paths=brand.paths)


def keys(brand: Tenant) -> dict[str, str]:
    """The key of each address, which a mail has in its links."""
    rows = brand.query("select identifier_value, identifier_key from pii.identifiers "
                       "where identifier_type = 'email'")  # fmt: skip
    return {value.partition("@")[0]: key for value, key in rows}


def sent(report: SyncReport) -> tuple[int, dict[str, int]]:
    return report.operations["add"].succeeded, report.blocked_reasons


def test_an_opt_out_on_the_page_is_honoured_by_the_very_next_send(
    brand: Tenant, service: Service, tmp_path: Path
) -> None:
    refused = (1, {"consent_withdrawn": 1})
    assert sent(send(brand, "before")) == (2, {})
    persons = brand.query("select count(*) from identity.persons")
    key = keys(brand)

    answer = httpx.post(service.unsubscribe(key["anna"]), data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    told = {"action": "save", "channel": ["email", "sms"], "topic": "ski",
            "quiet_from": "21:00", "quiet_to": "08:00", "frequency": "weekly"}  # fmt: skip
    assert httpx.post(service.preferences(key["bela"]), data=told).status_code == 200
    assert service.journal.open_file(CONSENTS).exists()
    assert sent(send(brand, "said")) == refused

    brand.run("--tenant", brand.name, module="orchestration.ingestion")
    assert not service.journal.open_file(CONSENTS).exists()
    assert brand.query("select count(*) from raw.preference_center__consent_events") == [(1,)]
    assert brand.query("select count(*) from raw.quarantine") == [(0,)]
    assert sent(send(brand, "landed")) == refused

    shutil.move(service.journal.folder, tmp_path / "archive")
    assert sent(send(brand, "landed_and_left")) == refused

    land_and_build(brand)
    said_at = brand.query("select occurred_at from raw.preference_center__consent_events")
    assert brand.query(
        "select channel, status, is_explicit from core.consent_by_identifier "
        f"where identifier_key = '{key['anna']}' and purpose = 'marketing' and channel = 'email'"
    ) == [("email", "withdrawn", True)]
    assert said_at == brand.query(
        "select since from core.consent_by_identifier "
        f"where identifier_key = '{key['anna']}' and status = 'withdrawn'"
    )
    assert sent(send(brand, "built")) == refused

    # the words went to those whose addresses they are: nobody was made of a hash
    assert brand.query("select count(*) from identity.persons") == persons
    assert keys(brand) == key
    assert brand.query(
        "select topics, max_messages, period_days, quiet_from_minute, quiet_to_minute "
        "from core.contact_preferences inner join pii.identifiers using (person_id) "
        f"where identifier_key = '{key['bela']}'"
    ) == [("ski", 1, 7, 21 * 60, 8 * 60)]


def test_nothing_of_it_holds_an_address(brand: Tenant, service: Service) -> None:
    """The service, its files and what landing made of them know hashes alone."""
    texts = [str(brand.query(f"select * from raw.preference_center__{table}"))
             for table in ("consent_events", "preferences")]  # fmt: skip
    texts += [path.read_text("utf-8") for path in brand.paths.landing.rglob("*.jsonl")]
    assert texts
    assert not [text for text in texts if "@" in text or "anna" in text]
