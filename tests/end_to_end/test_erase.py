"""Erase, then re-land: one person from the request to the proof, and what stays for others.

Xanthippe is a web visitor and, apart, an app user; a CRM row makes the two one person, so that one
of her ids is given up. Bruno shares her e-mail address on a receipt and writes it in a review. The
search for her values below is this test's own: bytes of every file (gzip and Parquet opened) and
every text of every table.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import dagster as dg
import duckdb
import pyarrow.parquet as pq
import pytest
import yaml

from orchestration.settings import PROJECT_ROOT
from tests.tenants import Tenant

pytestmark = pytest.mark.slow

MAIL = "xanthippe.sokrates@example.com"
HERS = (MAIL, "xanthippe", "cookie-xx-77", "device-yy-88", "791234567", "79 123 45 67",
        "agora-street", "+41 44 668 18 99")  # fmt: skip
IDENTIFIERS = [
    ("web", "w1", "cookie_id", "cookie-xx-77", "2026-05-01T09:00:00Z", "false"),
    ("web", "w1", "email", f" {MAIL.title()} ", "2026-05-01T09:00:00Z", "false"),
    ("shop", "O1", "email", MAIL, "2026-05-03T10:20:00Z", "true"),
    ("app", "a1", "device_id", "device-yy-88", "2026-05-20T08:00:00Z", "true"),
    ("app", "a1", "phone", "079 123 45 67", "2026-05-20T08:00:00Z", "true"),
    ("app", "a2", "device_id", "device-yy-88", "2026-06-28T18:00:00Z", "true"),
    # Bruno
    ("crm", "K2", "customer_id", "1002", "2026-06-01T12:00:00Z", "true"),
    ("crm", "K2", "email", "bruno@example.com", "2026-06-01T12:00:00Z", "true"),
    # refused by the gate: the time is missing
    ("web", "w9", "email", MAIL, "", "false"),
]
CRM = [
    ("crm", "K1", "customer_id", "1001", "2026-06-29T12:00:00Z", "true"),
    ("crm", "K1", "email", MAIL, "2026-06-29T12:00:00Z", "true"),
    ("crm", "K1", "phone", "+41 79 123 45 67", "2026-06-29T12:00:00Z", "true"),
    ("crm", "K1", "landline", "+41 44 668 18 99", "2026-06-29T12:00:00Z", "false"),
    # a receipt of Bruno's with her address on it
    ("pos", "O3", "customer_id", "1002", "2026-06-16T10:00:00Z", "true"),
    ("pos", "O3", "email", MAIL.upper(), "2026-06-16T10:00:00Z", "false"),
]
ID_HEADER = "source,record_id,identifier_type,identifier_value,observed_at,is_authenticated"
CONTACT_HEADER = "source,record_id,updated_at,first_name,last_name,street,country_code"


@dataclass(frozen=True)
class Case:
    """The tenant before the erasure, and what it was then."""

    tenant: Tenant
    originals: Path
    person: str
    given_up: str
    revenue: list[tuple]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return _prepared(Tenant(tmp_path_factory.mktemp("erase") / "data", "brand"))


def _prepared(tenant: Tenant) -> Case:
    """Two landings: her halves and Bruno, then what makes the halves one person."""
    tenant.settings(
        sources=["canonical"], timezone="Europe/Zurich", currency="CHF", country_code="CH",
        universal_holdout_pct=0, identity_gone_share=1.0,
    )  # fmt: skip

    def land(table: str, header: str, rows: list[tuple], day: str = "2026-06-30") -> None:
        tenant.land_csv(f"{table}_{day}.csv", header, rows, source="canonical")

    land("identifiers", ID_HEADER, IDENTIFIERS)
    touch = "source,touchpoint_id,record_id,occurred_at,channel,interaction,cart_id,value_amount"
    land("touchpoints", touch, [
        ("web", "w1", "w1", "2026-05-01T09:00:00Z", "web", "visit", "", ""),
        ("app", "a1", "a1", "2026-05-20T08:00:00Z", "app", "app_open", "", ""),
        ("app", "a2", "a2", "2026-06-28T18:00:00Z", "app", "add_to_cart", "cart-a", "30.00"),
    ])  # fmt: skip
    order = "source,order_id,record_id,ordered_at,channel,status,revenue_amount,currency"
    land("orders", order, [
        ("shop", "O1", "O1", "2026-05-03T10:20:00Z", "web", "completed", "100.00", "CHF"),
        ("pos", "O3", "O3", "2026-06-16T10:00:00Z", "store", "completed", "20.00", "CHF"),
    ])  # fmt: skip
    land("contacts", CONTACT_HEADER, [
        ("crm", "K2", "2026-06-01T12:00:00Z", "Bruno", "Muster", "Long Wall 2", "CH"),
    ])  # fmt: skip
    land("feedback", "source,feedback_id,record_id,occurred_at,channel,kind,body", [
        ("shop", "f1", "O1", "2026-05-04T10:00:00Z", "web", "review", "Xanthippe likes it"),
        ("crm", "f2", "K2", "2026-06-05T10:00:00Z", "web", "review", f"ask {MAIL}, she knows"),
        ("crm", "f3", "K2", "2026-06-06T10:00:00Z", "web", "review", "fine"),
    ])  # fmt: skip
    consents = "source,record_id,occurred_at,channel,purpose,status"
    land("consents", consents, [
        ("shop", "O1", "2026-05-03T10:20:00Z", "email", "marketing", "granted"),
    ])  # fmt: skip
    tenant.run()
    halves = tenant.query("select person_id from identity.persons where is_known")
    # a day later, packed
    land("identifiers", ID_HEADER, CRM, day="2026-07-01")
    plain = tenant.paths.landing / "canonical" / "identifiers_2026-07-01.csv"
    plain.with_suffix(".csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    land("contacts", CONTACT_HEADER, [
        ("crm", "K1", "2026-06-29T12:00:00Z", "Xanthippe", "Muster", "agora-street 1", "CH"),
    ], day="2026-07-01")  # fmt: skip
    tenant.run()
    assert len(halves) == 3
    [(given_up, person)] = tenant.query(
        "select old_person_id, person_id from identity.person_redirects"
    )
    originals = tenant.root.parent / "originals"
    shutil.copytree(tenant.paths.landing, originals)
    return Case(tenant, originals, person, given_up, _revenue(tenant))


def _revenue(tenant: Tenant) -> list[tuple]:
    return tenant.query(
        "select order_id, status, channel, revenue_amount from core.fct_orders order by order_id"
    )


def _hits(case: Case) -> list[str]:
    """Where one of her values stands, in files and tables."""
    pattern = re.compile("|".join(map(re.escape, HERS)).encode(), re.IGNORECASE)
    found = []
    for file in case.tenant.root.rglob("*"):
        if not file.is_file():
            continue
        data = file.read_bytes()
        if file.name.endswith(".gz"):
            data = gzip.decompress(data)
        elif file.suffix == ".parquet":
            data = str(pq.read_table(file).to_pydict()).encode()
        found += [str(file.relative_to(case.tenant.root))] if pattern.search(data) else []
    with duckdb.connect(str(case.tenant.paths.warehouse), read_only=True) as connection:
        for (name,) in connection.execute(
            "select concat(schema_name, '.', table_name) from duckdb_tables() where not internal"
        ).fetchall():
            text = str(connection.execute(f"from {name}").fetchall())
            found += [name] if pattern.search(text.encode()) else []
    return found


def _hashes(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def _erase(case: Case, *arguments: str) -> str:
    return case.tenant.run("erase", *arguments, module="orchestration.identity")


def test_the_search_of_this_test_finds_her_where_she_is(case: Case) -> None:
    found = _hits(case)
    assert "raw.canonical__identifiers" in found
    assert "pii.profiles" in found
    assert any(name.startswith("outbox") for name in found)
    assert "landing/brand/canonical/identifiers_2026-07-01.csv.gz" in found


def test_a_dry_run_tells_and_changes_nothing(case: Case) -> None:
    folders = [case.tenant.paths.landing, case.tenant.paths.outbox, case.tenant.paths.state]
    before = [_hashes(folder) for folder in folders]
    raw = case.tenant.query("select * from raw.canonical__identifiers order by all")
    told = _erase(case, case.given_up, "--dry-run")
    assert "raw.canonical__identifiers: 11 of 14 rows emptied" in told, told
    assert "raw.canonical__contacts: 1 of 2 rows emptied" in told
    assert "raw.canonical__feedback: 2 of 3 rows emptied" in told
    assert "removal queued" in told
    assert not any(value in told.lower() for value in HERS)
    assert [_hashes(folder) for folder in folders] == before
    assert case.tenant.query("select * from raw.canonical__identifiers order by all") == raw
    assert case.tenant.query("select count(*) from ops.erasures") == [(0,)]
    assert not case.tenant.paths.receipts.exists()


def test_the_dagster_job_tells_the_same_and_keeps_no_value(case: Case, tmp_path: Path) -> None:
    asked = {"asked": [case.given_up], "reason": "by letter", "author": "dpo", "dry_run": True}
    config = tmp_path / "erase.yml"
    config.write_text(yaml.safe_dump({"ops": {"erase_asked": {"config": asked}}}))
    command = ["job", "execute", "-m", "orchestration.definitions", "-j", "erase_identity"]
    ran = subprocess.run(
        [sys.executable, "-m", "dagster", *command, "-c", str(config)],
        cwd=PROJECT_ROOT, env=case.tenant.environment(), text=True, capture_output=True,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    with dg.DagsterInstance.from_config(case.tenant.environment()["DAGSTER_HOME"]) as instance:
        seen = instance.fetch_observations(dg.AssetKey(["identity", "edges"]), limit=1)
    observation = seen.records[0].asset_observation
    assert observation is not None
    told = str(observation.metadata["erasure"].value)
    assert "raw.canonical__identifiers: 11 of 14 rows emptied" in told
    assert not any(value in (told + ran.stdout + ran.stderr).lower() for value in HERS)
    assert case.tenant.query("select count(*) from ops.erasures") == [(0,)]


def test_a_killed_erasure_goes_on_when_it_is_asked_for_again(case: Case) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration.identity", "erase", case.given_up],
        cwd=PROJECT_ROOT, env=case.tenant.environment(), text=True, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("canonical.contacts"):  # some files are written, others are not
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert case.tenant.query("select count(*) > 0, max(finished_at) from ops.erasures") == [
        (True, None)
    ]
    told = _erase(case, case.person, "--reason", "asked by letter", "--author", "dpo")
    assert ": 0 hits" in told
    assert "STILL THERE" not in told
    assert case.tenant.query(
        "select count(distinct erasure_id), bool_and(finished_at is not null) from ops.erasures"
    ) == [(1, True)]


def test_nothing_of_her_is_left_and_the_proof_says_so(case: Case) -> None:
    assert _hits(case) == []
    [proof] = case.tenant.paths.receipts.glob("*.md")
    text = proof.read_text(encoding="utf-8")
    assert "Result: **complete: nothing is left**" in text
    assert "| cart_abandoners_file | file | 1 | removal queued |" in text
    assert proof.with_suffix(".json").stat().st_mode & 0o077 == 0


def test_orders_and_revenue_stay_and_are_nobodys(case: Case) -> None:
    assert _revenue(case.tenant) == case.revenue
    assert case.tenant.query(
        "select order_id, person_id is null, revenue_amount from core.fct_orders order by order_id"
    ) == [("O1", True, Decimal("100.0000")), ("O3", False, Decimal("20.0000"))]


def test_her_ids_are_given_up_for_good(case: Case) -> None:
    ids = f"('{case.person}', '{case.given_up}')"
    for table in ("identity.persons", "pii.profiles", "core.dim_profiles", "core.fct_touchpoints",
                  "identity.identifier_person", "segments.membership", "identity.person_redirects",
                  "features.person_features"):  # fmt: skip
        assert case.tenant.query(
            f"select count(*) from {table} where person_id in {ids}"
        ) == [(0,)], table  # fmt: skip
    assert case.tenant.query(
        f"select event from identity.person_ledger where person_id = '{case.person}' "
        "order by detected_at, event"
    )[-1:] == [("erased",)]


def test_bruno_keeps_what_is_his(case: Case) -> None:
    assert case.tenant.query("select first_name, primary_email from pii.profiles") == [
        ("Bruno", "bruno@example.com")
    ]
    assert case.tenant.query("select identifier_type, identifier_value from "
                             "raw.canonical__identifiers where record_id = 'O3' order by all"
                             ) == [("customer_id", "1002"), ("email", "(erased)")]  # fmt: skip
    assert case.tenant.query("select body from pii.free_text where body is not null") == [("fine",)]


def test_the_same_files_landed_again_bring_nothing_back_and_she_is_removed(case: Case) -> None:
    shutil.copytree(case.originals, case.tenant.paths.landing, dirs_exist_ok=True)
    # and once more under another name
    canonical = case.tenant.paths.landing / "canonical"
    shutil.copy(case.originals / "canonical" / "contacts_2026-07-01.csv",
                canonical / "contacts_again_2026-07-02.csv")  # fmt: skip
    case.tenant.run()
    assert _hits(case) == []
    assert case.tenant.query(
        "select bool_and(row_count = loaded_count + quarantined_count), sum(row_count) "
        "from ops.landing_files"
    ) == [(True, 27)]
    test_orders_and_revenue_stay_and_are_nobodys(case)
    test_her_ids_are_given_up_for_good(case)
    test_bruno_keeps_what_is_his(case)
    assert case.tenant.query(
        "select operation, outcome from activation.delivery_ledger "
        f"where person_id = '{case.person}' order by sent_at desc limit 1"
    ) == [("remove", "succeeded")]
    assert "| cart_abandoners_file | file | 1 | removed |" in _proof_again(case)


def _proof_again(case: Case) -> str:
    assert "STILL THERE" not in _erase(case, f"email={MAIL}")
    [proof] = case.tenant.paths.receipts.glob("*_2.md")  # the first one stays
    text = proof.read_text(encoding="utf-8")
    assert "\n1 spellings were searched for" in text
    return text


def test_who_subscribes_again_is_somebody_new_once_it_is_lifted(case: Case) -> None:
    case.tenant.run("lift", f"email={MAIL}", "--reason", "she came back",
                    module="orchestration.identity")  # fmt: skip
    case.tenant.land_csv("identifiers_2026-07-03.csv", ID_HEADER, [
        ("web", "w20", "email", MAIL, "2026-07-03T09:00:00Z", "true"),
    ], source="canonical")  # fmt: skip
    case.tenant.run()
    [(person,)] = case.tenant.query(
        f"select person_id from pii.identifiers where identifier_value = '{MAIL}'"
    )
    assert person not in (case.person, case.given_up, None)
    assert case.tenant.query(f"select count(*) from core.fct_orders where person_id = '{person}'"
                             ) == [(0,)]  # fmt: skip
