"""The row of settings, the hash key, phone numbers and the command line."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration.contact_settings import FrequencyCap
from orchestration.ingestion.__main__ import main
from orchestration.ingestion.gate import keep_hash_key, keep_phone_numbers, land_settings
from orchestration.ingestion.hash_key import HashKeyError
from orchestration.ingestion.phones import normalise
from orchestration.settings import Paths, SettingsError, Source, TenantSettings
from tests.orchestration.landing_tenant import LandingTenant, column

KEY = "a-key-of-more-than-16-characters"


def test_as_of_is_the_midnight_after_the_newest_loaded_at(tmp_path: Path) -> None:
    tenant = LandingTenant(tmp_path, {"t": ([column("id")], {})})
    tenant.put("t_2026-01-03.csv", "id\na\n")
    tenant.put("t_2026-01-05.csv", "id\n")
    tenant.land()
    settings = tenant.settings.model_copy(update={"timezone": "Europe/Zurich"})
    with tenant.connection() as connection:
        assert land_settings(connection, settings, tenant.paths) == datetime(2026, 1, 4)
        assert land_settings(connection, settings, tenant.paths) == datetime(2026, 1, 4)
        kept = connection.execute(
            "select tenant, as_of, timezone, country_code, lookback_days from ops.settings"
        ).fetchall()
    assert kept == [("t", datetime(2026, 1, 4), "Europe/Zurich", "CH", 30)]


def test_as_of_of_tenant_yml_wins_and_nothing_landed_means_tomorrow() -> None:
    def as_of(text: str | None) -> datetime:
        settings = TenantSettings(tenant="t", sources=[Source(name="src")], as_of=text)
        with duckdb.connect() as connection:
            return land_settings(connection, settings, Paths("t"))

    assert as_of("2026-01-31") == datetime(2026, 1, 31)
    assert as_of("2026-01-31T02:00:00+02:00") == datetime(2026, 1, 31)
    today = datetime.now(UTC).replace(tzinfo=None)
    assert today < as_of(None) <= today + timedelta(days=1)
    with pytest.raises(SettingsError, match="'soon' is no time"):
        as_of("soon")


def test_the_trait_registry_is_landed() -> None:
    settings = TenantSettings.model_validate(
        {"tenant": "t", "sources": ["src"], "traits": {"shoe_size": {"type": "decimal"}}}
    )
    with duckdb.connect() as connection:
        land_settings(connection, settings, Paths("t"))
        assert connection.execute("from ops.trait_rules").fetchall() == [
            ("shoe_size", "decimal", "last")
        ]


def test_caps_and_quiet_hours_are_landed() -> None:
    document = {
        "tenant": "t",
        "sources": ["src"],
        "caps": [
            {"channel": "email", "count": 3, "days": 7},
            {"per": "household", "count": 9, "days": 30},
        ],
        # 21:00 without quotes is 1260 to a reader of YAML
        "quiet_hours": [
            {"from": 1260, "to": "08:00"},
            {"channel": "sms", "from": "00:00", "to": "24:00", "days": ["sat", "sun"]},
        ],
    }
    settings = TenantSettings.model_validate(document)
    with duckdb.connect() as connection:
        for _ in range(2):
            land_settings(connection, settings, Paths("t"))
        assert connection.execute("from ops.frequency_caps").fetchall() == [
            (1, "email_marketing_person_7d", "email", "marketing", "person", 3, 7),
            (2, "all_marketing_household_30d", "all", "marketing", "household", 9, 30),
        ]
        assert connection.execute("from ops.quiet_hours").fetchall() == [
            (1, "all", "marketing", "21:00", "08:00", "mon,tue,wed,thu,fri,sat,sun"),
            (2, "sms", "marketing", "00:00", "24:00", "sat,sun"),
        ]
        misspelt = settings.model_copy(
            update={"caps": [FrequencyCap(channel="mail", count=1, days=1)]}
        )
        with pytest.raises(SettingsError, match="caps: no channel 'mail'"):
            land_settings(connection, misspelt, Paths("t"))
        assert len(connection.execute("from ops.frequency_caps").fetchall()) == 2


def test_the_hash_key_is_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSWEAVE_HASH_KEY", KEY)
    with duckdb.connect() as connection:
        for _ in range(2):
            keep_hash_key(connection, "prod")
        assert connection.execute("from pii.hash_keys").fetchall() == [(1, KEY)]
        monkeypatch.setenv("CROSSWEAVE_HASH_KEY", KEY + "2")
        with pytest.raises(HashKeyError, match="not the key this warehouse was built with") as no:
            keep_hash_key(connection, "prod")
        assert KEY not in str(no.value)


@pytest.mark.parametrize("key", ["", "short", "crossweave-development-key"])
def test_prod_needs_a_key_of_its_own(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("CROSSWEAVE_HASH_KEY", key)
    with duckdb.connect() as connection, pytest.raises(HashKeyError, match="openssl rand"):
        keep_hash_key(connection, "prod")


def test_dev_has_a_key_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("CROSSWEAVE_HASH_KEY", raising=False)
    with duckdb.connect() as connection:
        keep_hash_key(connection, "dev")
        keep_hash_key(connection, "dev")
        monkeypatch.setenv("CROSSWEAVE_HASH_KEY", KEY)
        with pytest.raises(HashKeyError):
            keep_hash_key(connection, "dev")
    assert len([r for r in caplog.records if "development key" in r.getMessage()]) == 1


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        # Swiss mobile numbers begin with 07x, Zurich's land lines with 044.
        ("079 123 45 67", ("+41791234567", "mobile")),
        ("+41 (0)79 123 45 67", ("+41791234567", "mobile")),
        ("0041791234567", ("+41791234567", "mobile")),
        ("044 668 18 00", ("+41446681800", "landline")),
        ("0800 123 456", ("+41800123456", "other")),
        ("+1 650 253 0000", ("+16502530000", "mobile")),
        ("01632 960 001", (None, "invalid")),  # British fiction, eleven digits are none in Bern
        ("+44 1632 960 001", ("+441632960001", "other")),  # possible, never assigned
        ("123", (None, "invalid")),
        ("anna@example.com", (None, "invalid")),
    ],
)
def test_numbers_become_e164(raw: str, expected: tuple[str | None, str]) -> None:
    assert normalise(raw, "CH") == expected


def test_phone_columns_are_collected_once_and_by_condition(tmp_path: Path) -> None:
    columns = [
        column("kind"),
        column("value", phone="kind = 'phone'"),
        column("caller", phone=True),
    ]
    tenant = LandingTenant(tmp_path, {"t": (columns, {})})
    tenant.put("t.csv", "kind,value,caller\nphone,0791234567,0446681800\nemail,123,\nphone,, \n")
    tenant.land()
    with tenant.connection() as connection:
        assert keep_phone_numbers(connection, tenant.settings, tenant.paths) == 2
        assert keep_phone_numbers(connection, tenant.settings, tenant.paths) == 0
        assert connection.execute("from pii.phone_numbers order by raw").fetchall() == [
            ("0446681800", "CH", "+41446681800", "landline"),
            ("0791234567", "CH", "+41791234567", "mobile"),
        ]


def test_a_number_is_read_in_the_country_of_its_contact_too(tmp_path: Path) -> None:
    """Of the same row, or of the row of another table that is about the same record."""
    key = [column("source"), column("record_id")]
    tenant = LandingTenant(
        tmp_path,
        {
            "identifiers": ([*key, column("value", phone=True)], {}),
            "contacts": ([*key, column("country_code")], {}),
            "calls": ([column("caller", phone=True), column("country_code")], {}),
        },
    )
    tenant.put("identifiers.csv", "source,record_id,value\ns,1,015123456789\ns,2,0791234567\n")
    tenant.put("contacts.csv", "source,record_id,country_code\ns,1,de\ns,2,\n")
    tenant.put("calls.csv", "caller,country_code\n06641234567,AT\n")
    tenant.land()
    with tenant.connection() as connection:
        assert keep_phone_numbers(connection, tenant.settings, tenant.paths) == 5
        assert keep_phone_numbers(connection, tenant.settings, tenant.paths) == 0
        numbers = "select raw, region, e164 from pii.phone_numbers where region <> 'CH' order by 1"
        assert connection.execute(numbers).fetchall() == [
            ("015123456789", "DE", "+4915123456789"),
            ("06641234567", "AT", "+436641234567"),
        ]


def test_the_command_line_lands_a_canonical_tenant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "tenants" / "mine"
    folder.mkdir(parents=True)
    (folder / "tenant.yml").write_text("sources: [canonical]\n", encoding="utf-8")
    landing = tmp_path / "landing" / "mine" / "canonical"
    landing.mkdir(parents=True)
    (landing / "products.csv").write_text(
        "source,product_id,loaded_at,name\nshop,P1,2026-01-01,Shoe\nshop,,2026-01-01,Sock\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("CROSSWEAVE_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("CROSSWEAVE_HASH_KEY", raising=False)
    monkeypatch.setattr(sys, "argv", ["ingestion", "--tenant", "mine"])
    assert main() == 0
    said = capsys.readouterr().out
    assert "canonical.products: 1 files, 1 read, 1 rows loaded, 1 quarantined" in said
    with duckdb.connect(str(tmp_path / "warehouse" / "dev" / "mine.duckdb")) as connection:
        assert connection.execute(
            "select source, product_id, name, _loaded_at from raw.canonical__products"
        ).fetchall() == [("shop", "P1", "Shoe", datetime(2026, 1, 1))]
        assert connection.execute("select as_of from ops.settings").fetchall() == [
            (datetime(2026, 1, 2),)
        ]
