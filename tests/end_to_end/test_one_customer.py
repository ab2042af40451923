"""One customer, worked by hand, from landing files to payload.

Anna uses a laptop (cookie) and a phone (app), five channels, two orders; her two halves, the
web visitor with an e-mail address and the app user with a phone number, become one person when a
CRM row names both. Bruno shares her landline and her card's address, and has opted out. Every
expected value below is worked by hand from the rows; as_of is midnight after the last landed day,
2026-07-01 00:00.
"""

from __future__ import annotations

import csv
from datetime import datetime
from decimal import Decimal

import pytest

from tests.tenants import Tenant

pytestmark = pytest.mark.slow

DAY = "2026-06-30"  # all files are delivered that day
IDENTIFIERS = [
    # web: anonymous laptop, then an order as guest with a carelessly typed address
    ("web", "w1", "cookie_id", "C1", "2026-05-01T09:00:00Z", "false"),
    ("web", "w2", "cookie_id", "C1", "2026-05-03T10:00:00Z", "false"),
    ("shop", "O1", "cookie_id", "C1", "2026-05-03T10:20:00Z", "false"),
    ("shop", "O1", "email", " Anna@Example.com ", "2026-05-03T10:20:00Z", "false"),
    # app: phone, logged in with a phone number in national form
    ("app", "a1", "device_id", "D1", "2026-05-20T08:00:00Z", "true"),
    ("app", "a1", "phone", "079 123 45 67", "2026-05-20T08:00:00Z", "true"),
    ("app", "a2", "device_id", "D1", "2026-06-28T18:00:00Z", "true"),
    # CRM: the merge
    ("crm", "K1", "customer_id", "1001", "2026-06-01T12:00:00Z", "true"),
    ("crm", "K1", "email", "anna@example.com", "2026-06-01T12:00:00Z", "true"),
    ("crm", "K1", "phone", "+41 79 123 45 67", "2026-06-01T12:00:00Z", "true"),
    ("crm", "K1", "landline", "+41 44 668 18 00", "2026-06-01T12:00:00Z", "false"),
    # e-mail
    ("email", "e1", "email", "anna@example.com", "2026-06-10T06:00:00Z", "false"),
    ("email", "e2", "email", "anna@example.com", "2026-06-10T07:29:00Z", "false"),
    ("email", "e3", "email", "ANNA@example.com", "2026-06-10T07:30:00Z", "false"),
    # call centre and store
    ("chat", "c1", "phone", "+41791234567", "2026-06-12T15:00:00Z", "false"),
    ("pos", "O2", "loyalty_id", "l-9", "2026-06-15T16:00:00Z", "true"),
    ("pos", "O2", "customer_id", "1001", "2026-06-15T16:00:00Z", "true"),
    # Bruno: same landline, a cart of his own, opted out
    ("crm", "K2", "customer_id", "1002", "2026-06-01T12:00:00Z", "true"),
    ("crm", "K2", "email", "bruno@example.com", "2026-06-01T12:00:00Z", "true"),
    ("crm", "K2", "landline", "+41 44 668 18 00", "2026-06-01T12:00:00Z", "false"),
    ("app", "b1", "customer_id", "1002", "2026-06-28T19:00:00Z", "true"),
]
TOUCHPOINTS = [
    # source, id, at, channel, source_channel, interaction, campaign, message, cart, value
    ("web", "w1", "2026-05-01T09:00:00Z", "web", "paid_search", "visit", "SPRING", "", "", ""),
    ("web", "w2", "2026-05-03T10:00:00Z", "web", "direct", "product_view", "", "", "", ""),
    ("app", "a1", "2026-05-20T08:00:00Z", "app", "", "app_open", "", "", "", ""),
    ("email", "e1", "2026-06-10T06:00:00Z", "email", "", "send", "JUNE", "m1", "", ""),
    ("email", "e2", "2026-06-10T07:29:00Z", "email", "", "open", "JUNE", "m1", "", ""),
    ("email", "e3", "2026-06-10T07:30:00Z", "email", "", "click", "JUNE", "m1", "", ""),
    ("chat", "c1", "2026-06-12T15:00:00Z", "call_center", "", "inbound_call", "", "", "", ""),
    ("app", "a2", "2026-06-28T18:00:00Z", "app", "", "add_to_cart", "", "", "cart-a", "30.00"),
    ("app", "b1", "2026-06-28T19:00:00Z", "app", "", "add_to_cart", "", "", "cart-b", "80.00"),
]  # fmt: skip


@pytest.fixture(scope="module")
def anna(tmp_path_factory: pytest.TempPathFactory) -> Tenant:
    tenant = Tenant(tmp_path_factory.mktemp("anna"), "anna")
    tenant.settings(
        sources=["canonical"],
        timezone="Europe/Zurich",
        currency="CHF",
        country_code="CH",
        universal_holdout_pct=0,
        overrides={"channels": [{"channel": "store", "unit_cost_amount": 2.5}]},
    )

    def land(table: str, header: str, rows: list[tuple]) -> None:
        tenant.land_csv(f"{table}_{DAY}.csv", header, rows, source="canonical")

    land(
        "identifiers",
        "source,record_id,identifier_type,identifier_value,observed_at,is_authenticated",
        IDENTIFIERS,
    )
    land(
        "touchpoints",
        "source,touchpoint_id,record_id,occurred_at,channel,source_channel,interaction,"
        "campaign_id,message_id,cart_id,value_amount",
        [(t[0], t[1], t[1], *t[2:]) for t in TOUCHPOINTS],
    )
    land(
        "contacts",
        "source,record_id,updated_at,first_name,last_name,city,country_code,birth_date",
        [
            ("crm", "K1", "2026-06-01T12:00:00Z", "Anna", "Muster", "Bern", "CH", "1990-07-01"),
            ("crm", "K2", "2026-06-01T12:00:00Z", "Bruno", "Muster", "Bern", "CH", "1988-01-31"),
        ],
    )
    land(
        "orders",
        "source,order_id,record_id,ordered_at,channel,status,revenue_amount,currency",
        [
            ("shop", "O1", "O1", "2026-05-03T10:20:00Z", "web", "completed", "100.00", "CHF"),
            ("pos", "O2", "O2", "2026-06-15T16:00:00Z", "store", "completed", "50.00", "CHF"),
            ("pos", "O3", "O3", "2026-06-16T10:00:00Z", "store", "completed", "20.00", "CHF"),
            ("pos", "O4", "O4", "2026-06-16T10:00:00Z", "store", "completed", "-20.00", "CHF"),
        ],
    )
    land(
        "order_lines",
        "source,order_id,line_number,product_id,quantity,line_amount",
        [
            ("shop", "O1", "1", "P1", "1", "60.00"),
            ("shop", "O1", "2", "P2", "2", "40.00"),
            ("pos", "O2", "1", "P1", "1", "50.00"),
        ],
    )
    land(
        "consents",
        "source,record_id,occurred_at,channel,purpose,status",
        [
            ("crm", "K1", "2026-06-01T12:00:00Z", "email", "marketing", "granted"),
            ("crm", "K2", "2026-06-01T12:00:00Z", "email", "marketing", "granted"),
            ("crm", "K2", "2026-06-20T12:00:00Z", "email", "marketing", "withdrawn"),
        ],
    )
    tenant.run()
    return tenant


def test_the_negative_completed_order_is_quarantined_and_nothing_else(anna: Tenant) -> None:
    assert anna.query("select table_name, row_number, column_name from raw.quarantine") == [
        ("orders", 4, "revenue_amount")
    ]
    assert anna.query("select sum(row_count), sum(loaded_count), sum(quarantined_count) "
                      "from ops.landing_files") == [(42, 41, 1)]  # fmt: skip


def test_the_brands_own_rate_of_a_channel_holds(anna: Tenant) -> None:
    assert anna.query(
        "select unit_cost_amount, is_owned from core.dim_channels where channel = 'store'"
    ) == [(Decimal("2.5000"), True)]


def _anna_id(anna: Tenant) -> str:
    rows = anna.query("select distinct person_id from core.fct_orders where order_id = 'O1'")
    assert len(rows) == 1
    return rows[0][0]


def test_annas_two_halves_are_one_person_and_bruno_is_another(anna: Tenant) -> None:
    # C1, e-mail, D1, phone, customer 1001, loyalty L-9; the landline is of the household
    assert anna.query(
        "select count(*), count(*) filter (where is_known) from identity.persons"
    ) == [(2, 2)]
    person = _anna_id(anna)
    kinds = anna.query(
        "select identifier_type from identity.identifier_person "
        f"where person_id = '{person}' and is_current order by identifier_type"
    )
    assert [kind for (kind,) in kinds] == [
        "cookie_id", "customer_id", "device_id", "email", "loyalty_id", "phone",
    ]  # fmt: skip
    assert anna.query("select count(*) from core.fct_orders where person_id is null") == [(1,)]


def test_profile(anna: Tenant) -> None:
    columns = (
        "order_count, revenue_amount, first_order_at, last_order_at, city, has_email, has_phone, "
        "age_band is not null, is_known"
    )
    person = _anna_id(anna)
    assert anna.query(f"select {columns} from core.dim_profiles where person_id = '{person}'") == [
        (
            2,
            Decimal("150.0000"),
            datetime(2026, 5, 3, 10, 20),
            datetime(2026, 6, 15, 16, 0),
            "Bern",
            True,
            True,
            True,
            True,
        )
    ]


def test_journeys(anna: Tenant) -> None:
    """Up to O1: paid_search, direct. Up to O2: app, email click, call (the open is no touch)."""
    person = _anna_id(anna)
    assert anna.query(
        "select outcome, conversion_order_id, touch_count, channel_count, path, revenue_amount, "
        f"time_to_conversion_s from journeys.fct_journeys where person_id = '{person}' "
        "order by started_at"
    ) == [
        ("converted", "O1", 2, 2, ["paid_search", "direct"], Decimal("100.0000"), 177_600),
        ("converted", "O2", 3, 3, ["app", "email", "call_center"], Decimal("50.0000"), 2_275_200),
        ("open", None, 1, 1, ["app"], None, None),
    ]


def test_credits(anna: Tenant) -> None:
    """O3 is an anonymous receipt: no person, no touch, credited to (unattributed)."""
    third = pytest.approx(1 / 3, abs=1e-12)
    rows = anna.query(
        "select model, order_id, channel, credit, cast(revenue_credit as double) "
        "from attribution.credits where model in ('first', 'last', 'linear') "
        "order by model, order_id, channel"
    )
    money = pytest.approx(50 / 3, abs=1e-9)
    assert rows == [
        ("first", "O1", "paid_search", 1.0, 100.0),
        ("first", "O2", "app", 1.0, 50.0),
        ("first", "O3", "(unattributed)", 1.0, 20.0),
        ("last", "O1", "direct", 1.0, 100.0),
        ("last", "O2", "call_center", 1.0, 50.0),
        ("last", "O3", "(unattributed)", 1.0, 20.0),
        ("linear", "O1", "direct", 0.5, 50.0),
        ("linear", "O1", "paid_search", 0.5, 50.0),
        ("linear", "O2", "app", third, money),
        ("linear", "O2", "call_center", third, money),
        ("linear", "O2", "email", third, money),
        ("linear", "O3", "(unattributed)", 1.0, 20.0),
    ]


def test_annas_open_cart_reaches_her_address_and_bruno_is_left_alone(anna: Tenant) -> None:
    person = _anna_id(anna)
    members = anna.query(
        "select distinct person_id from segments.membership "
        "where segment = 'cart_abandoners' and exited_at is null"
    )
    assert (person,) in members
    assert len(members) == 2
    files = sorted(anna.paths.outbox.glob("cart_abandoners*/**/*.csv"))
    delivered = [row for file in files for row in csv.DictReader(file.open(encoding="utf-8"))]
    keys = [row.pop("idempotency_key") for row in delivered]
    assert all(keys)
    assert delivered == [
        {
            "operation": "add",
            "person_id": person,
            "email": "anna@example.com",
            "first_name": "Anna",
            "language_code": "",
            "segment": "cart_abandoners",
            "cart_value_amount": "30.0000",
            "cart_products": "",
            "cart_touched_at": "2026-06-28T18:00:00Z",
        }
    ]


def test_the_second_run_sends_nothing_twice_and_names_everybody_the_same(anna: Tenant) -> None:
    person, files = _anna_id(anna), sorted(anna.paths.outbox.rglob("*.csv"))
    anna.run()
    assert _anna_id(anna) == person
    assert sorted(anna.paths.outbox.rglob("*.csv")) == files


def test_a_deleted_warehouse_comes_back_with_the_same_people(anna: Tenant) -> None:
    before = anna.query("select person_id, first_seen_at from identity.persons order by 1")
    stays = anna.query("select * from segments.membership order by all")
    ledger = anna.query("select * from activation.delivery_ledger order by all")
    manifest = anna.query(
        "select source, file_name, loaded_at, row_count from ops.landing_files order by all"
    )
    files = sorted(anna.paths.outbox.rglob("*.csv"))
    anna.paths.warehouse.unlink()
    anna.run()
    assert anna.query("select person_id, first_seen_at from identity.persons order by 1") == before
    assert anna.query("select * from segments.membership order by all") == stays
    assert anna.query("select * from activation.delivery_ledger order by all") == ledger
    assert sorted(anna.paths.outbox.rglob("*.csv")) == files
    assert (
        anna.query(
            "select source, file_name, loaded_at, row_count from ops.landing_files order by all"
        )
        == manifest
    )


def test_no_clear_value_outside_the_rooms_that_may_hold_it(anna: Tenant) -> None:
    """E-mail, phone and name stay in pii, raw, staging and the payload; all else has hashes."""
    texts = anna.query(
        "select schema_name, table_name, column_name from duckdb_columns() "
        "where data_type = 'VARCHAR' and schema_name not in ('raw', 'staging', 'pii', 'seeds') "
        "and not internal and table_name not like 'act_%'"
    )
    assert texts
    found = []
    for schema, table, column in texts:
        hits = anna.query(
            f'select count(*) from "{schema}"."{table}" where "{column}" ilike \'%example.com%\' '
            f"or \"{column}\" like '%1234567%' or \"{column}\" ilike '%muster%'"
        )
        if hits != [(0,)]:
            found.append((schema, table, column))
    assert found == []
