"""A GA4 export with every trap of a real one, worked by hand from Parquet file to marts.

Two day files, 19 and 21 January 2021; the 20th is missing. Every expected value below is worked by
hand from the events; as_of is midnight after the last day.
"""

from __future__ import annotations

import re
import shutil
from datetime import datetime
from decimal import Decimal

import pytest

from orchestration.settings import PROJECT_ROOT
from tests.ga4_export import event, write_export
from tests.tenants import Tenant

pytestmark = pytest.mark.slow

MUG = {"item_id": "SKU-1", "item_name": "Mug", "item_category": "Kitchen", "price": 20.0}
UNSET = {"item_id": "(not set)", "item_name": "(not set)", "promotion_name": "January"}


def _said(
    source: str | None, medium: str | None, campaign: str = "(referral)"
) -> dict[str, object]:
    return {"source": source, "medium": medium, "campaign": campaign}


def _purchase(user: str | None, at: str, number: str | None, revenue: float | None, **more) -> dict:
    amounts = {"transaction_id": number, "purchase_revenue": revenue}
    return event("purchase", user, at, ecommerce=amounts, **more)


def _visit(user: str | None, at: str, session: int | None, **said: object) -> list[dict]:
    """The three events with which a session begins, the page view with what brought it."""
    params = {"entrances": 1, **said}
    return [
        event("session_start", user, at, session=session),
        event("first_visit", user, at, session=session),
        event("page_view", user, at, session=session, params=params),
    ]


DAY_19 = [
    # Ann comes from a search, is logged in when she buys, and loads the thank-you page again
    *_visit("ann", "2021-01-19 10:00", 100, **_said("google", "organic", "(organic)")),
    event("scroll", "ann", "2021-01-19 10:01", session=100, params={"percent_scrolled": 90}),
    event("view_item", "ann", "2021-01-19 10:02", session=100, items=[MUG]),
    event("add_to_cart", "ann", "2021-01-19 10:03", session=100, items=[{**MUG, "quantity": 2}]),
    event("begin_checkout", "ann", "2021-01-19 10:04", session=100, items=[MUG, UNSET]),
    *(
        _purchase(
            "ann", at, "T1", 40.0, session=100, user_id="U-7", params={"currency": "USD"},
            items=[{**MUG, "quantity": 2, "item_revenue": 40.0}],
        )
        for at in ("2021-01-19 10:10", "2021-01-19 10:11")
    ),
    # Ben: the shop's own pages are no source; two purchases without id and revenue are one order
    *_visit("ben", "2021-01-19 12:00", 200, **_said("shop.example", "referral")),
    _purchase("ben", "2021-01-19 12:05", "(not set)", None, session=200, items=[UNSET]),
    _purchase("ben", "2021-01-19 12:06", "(not set)", None, session=200, items=[UNSET]),
    # Cat: what is hidden is no channel, and a payment page is no source
    *_visit("cat", "2021-01-19 13:00", 300, **_said("<Other>", "<Other>", "<Other>")),
    event("page_view", "cat", "2021-01-19 13:04", session=300, 
          params=_said("paypal.com", "referral")),
    _purchase(
        "cat", "2021-01-19 13:05", "T2", 15.5, session=300,
        items=[{"item_id": "(not set)", "item_name": "Gift card", "price": 15.5}],
    ),
    # Dan: two sessions, the second from a social network
    *_visit("dan", "2021-01-19 14:00", 400, **_said("(data deleted)", "(data deleted)")),
    *_visit("dan", "2021-01-19 16:00", 401, **_said("l.facebook.com", "referral")),
    # Eve: direct first, then a newsletter says that it brought the session
    *_visit("eve", "2021-01-19 15:00", 500, **_said("(direct)", "(none)", "(direct)")),
    event("page_view", "eve", "2021-01-19 15:02", session=500, 
          params=_said("news", "email", "JAN")),
    # somebody who allowed no cookie
    event("page_view", None, "2021-01-19 16:30", privacy_info={"analytics_storage": "No"}),
    # Gil: a click id of Google Ads, tagged as organic by mistake
    *_visit("gil", "2021-01-19 17:00", 700, **_said("google", "organic"), gclid="abc"),
    # Hal: a session of the day before, of which nothing says what brought it; two views at one time
    event("page_view", "hal", "2021-01-19 00:01", session=800, page="https://www.shop.example/a"),
    event("page_view", "hal", "2021-01-19 00:01", session=800, page="https://www.shop.example/b"),
    # an event of the brand's own that nobody has listed
    event("spin_wheel", "hal", "2021-01-19 00:02", session=800),
]  # fmt: skip
DAY_21 = [
    # Ann again: from the shop's other subdomain, then from a site that is one; she returns half
    *_visit("ann", "2021-01-21 09:00", 101, **_said("checkout.shop.example", "referral")),
    event("page_view", "ann", "2021-01-21 09:01", session=101, 
          params=_said("blog.org", "referral")),
    _purchase("ann", "2021-01-21 09:05", "T3", 7.25, session=101),
    event("refund", "ann", "2021-01-21 11:00",
          ecommerce={"transaction_id": "T1", "refund_value": 20.0}),
    # Cat's purchase once more, two days later
    _purchase("cat", "2021-01-21 13:05", "T2", 15.5, session=301),
]  # fmt: skip


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Tenant:
    tenant = Tenant(tmp_path_factory.mktemp("ga4"), "ga4")
    shutil.copytree(PROJECT_ROOT / "data" / "tenants" / "ga4", tenant.root / "tenants" / "ga4")
    folder = tenant.paths.landing / "ga4"
    write_export(folder / "events_20210119.parquet", DAY_19)
    write_export(folder / "events_20210121.parquet", DAY_21)
    return tenant


@pytest.fixture(scope="module")
def output(tenant: Tenant) -> str:
    tenant.run("--tenant", "ga4", module="orchestration.ingestion")
    built = "+fct_touchpoints +fct_orders +fct_order_lines +dim_products +fct_sessions +credits"
    return tenant.run(
        "dbt",
        "build",
        "--indirect-selection",
        "cautious",
        "--select",
        *built.split(),
        "path:tests/staging/ga4",
    )


@pytest.fixture(scope="module")
def built(tenant: Tenant, output: str) -> Tenant:
    return tenant


def test_every_event_passes_the_gate(built: Tenant) -> None:
    assert built.query(
        "select file_name, row_count, loaded_count, quarantined_count from ops.landing_files "
        "order by file_name"
    ) == [
        ("events_20210119.parquet", 36, 36, 0),
        ("events_20210121.parquet", 7, 7, 0),
    ]


def test_a_session_has_one_source_that_is_none_of_the_traps(built: Tenant) -> None:
    found = built.query(
        "select session_hint, source_channel, utm_source, utm_campaign, count(*) "
        "from staging.stg_ga4__touchpoints group by all order by 1"
    )
    assert found == [
        ("ann.100", "organic_search", "google", None, 5),
        ("ann.101", "referral", "blog.org", None, 3),
        ("ben.200", "direct", None, None, 2),
        ("cat.300", "unassigned", "<Other>", None, 3),
        ("dan.400", "unassigned", "(data deleted)", None, 2),
        ("dan.401", "organic_social", "l.facebook.com", None, 2),
        ("eve.500", "email", "news", "JAN", 3),
        ("gil.700", "paid_search", "google", None, 2),
        ("hal.800", "unassigned", None, None, 2),
        (None, "unassigned", None, None, 1),
    ]


def test_events_are_touches_orders_repetitions_or_nothing(built: Tenant) -> None:
    """43 events = 25 touches + 7 purchases + 1 refund + 8 first visits + scroll + spin_wheel. Of
    the purchases, Ann's second of T1 and Ben's second repeat one of their file."""
    (raw,) = built.query(
        "select count(*), count(*) filter (event_name = 'first_visit') from raw.ga4__events"
    )
    assert raw == (43, 8)
    assert built.query(
        "select count(*), count(distinct touchpoint_key) from core.fct_touchpoints"
    ) == [(25, 25)]
    assert built.query(
        "select count(*) from staging.stg_ga4__orders where status = 'completed'"
    ) == [(5,)]


def test_orders_and_revenue_are_those_of_the_export(built: Tenant) -> None:
    """T1 came twice, T2 twice on different days; without an id it is one order of a session."""
    rows = built.query(
        "select order_id, status, ordered_at, revenue_amount, related_order_id "
        "from core.fct_orders order by ordered_at"
    )
    assert [row[:4] for row in rows] == [
        ("T1", "completed", datetime(2021, 1, 19, 10, 10), Decimal("40")),
        ("(not set):ben.200", "completed", datetime(2021, 1, 19, 12, 5), Decimal("0")),
        ("T3", "completed", datetime(2021, 1, 21, 9, 5), Decimal("7.25")),
        (rows[3][0], "refunded", datetime(2021, 1, 21, 11, 0), Decimal("-20")),
        # the later file corrects the earlier one
        ("T2", "completed", datetime(2021, 1, 21, 13, 5), Decimal("15.5")),
    ]
    assert [row[4] for row in rows] == [None, None, None, "T1", None]
    assert built.query("select sum(revenue_amount) from core.fct_orders where not is_refund") == [
        (Decimal("62.75"),)
    ]


def test_lines_and_products_come_from_nested_items(built: Tenant) -> None:
    assert built.query(
        "select order_id, line_number, product_id, category, quantity, line_amount "
        "from staging.stg_ga4__order_lines order by 1"
    ) == [
        ("T1", 1, "SKU-1", "Kitchen", Decimal("2"), Decimal("40")),
        ("T2", 1, "Gift card", None, Decimal("1"), Decimal("15.5")),
    ]
    assert built.query("select product_id, name, price_amount from core.dim_products") == [
        ("SKU-1", "Mug", Decimal("20"))
    ]
    # a list of two products is no touch of one
    assert built.query(
        "select interaction, product_id, quantity from core.fct_touchpoints "
        "where interaction in ('product_view', 'add_to_cart', 'begin_checkout') order by 1"
    ) == [
        ("add_to_cart", "SKU-1", Decimal("2")),
        ("begin_checkout", None, None),
        ("product_view", "SKU-1", None),
    ]


def test_a_login_names_the_person_and_no_cookie_names_nobody(built: Tenant) -> None:
    assert built.query(
        "select identifier_type, count(distinct identifier_value), "
        "count(*) filter (is_authenticated) > 0 "
        "from staging.stg_ga4__identifiers group by 1 order by 1"
    ) == [("cookie_id", 7, False), ("customer_id", 1, True)]
    assert built.query(
        "select person_id, consent_state from core.fct_touchpoints where consent_state is not null"
    ) == [(None, "denied")]
    # both of Ann's visits and her orders are one known person's
    assert built.query(
        "select count(distinct person_id) from core.fct_orders where order_id in ('T1', 'T3')"
    ) == [(1,)]


def test_sessions_are_our_own_and_counted_beside_googles(built: Tenant) -> None:
    """Nine of Google's sessions have a touch (one of Cat's has a purchase alone). Ours are those,
    and the visitor without a cookie is one of his own."""
    assert built.query("select count(distinct session_hint) from staging.stg_ga4__touchpoints") == [
        (9,)
    ]
    assert built.query("select count(*) from journeys.fct_sessions") == [(10,)]


def test_credit_goes_to_sources_not_to_the_shop(built: Tenant) -> None:
    found = built.query(
        "select order_id, channel, round(sum(credit), 9) from attribution.credits "
        "where model = 'last' and order_id is not null group by all order by 1, 2"
    )
    assert found == [
        ("(not set):ben.200", "direct", 1.0),
        ("T1", "organic_search", 1.0),
        # her order is placed two days after her last touch: hidden is what brought her
        ("T2", "unassigned", 1.0),
        ("T3", "referral", 1.0),
    ]


def test_what_the_export_lacks_is_flagged(output: str) -> None:
    """One missing day, one repeated transaction in a file and one across files, one session with
    repeated purchases without id (2 events), one event name that nobody listed."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", output)
    warned = {name: int(count) for count, name in re.findall(r"WARN (\d+) (ga4_\w+) ", text)}
    assert warned == {
        "ga4_no_day_is_missing": 1,
        "ga4_no_purchase_is_sent_twice": 3,
        "ga4_every_purchase_has_a_transaction_id": 2,
        "ga4_every_event_name_is_listed": 1,
    }
