"""Journeys from raw rows to the marts: scenarios worked by hand, and random persons by an oracle.

One landing, one dbt run. Two goals beside each other: orders, and `registration` (this brand says
that it is a conversion); delivered e-mails are touches here.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from orchestration.settings import DBT_PROJECT_DIR
from tests.dbt import journey_oracle as oracle
from tests.dbt.canonical_warehouse import CanonicalWarehouse
from tests.dbt.journey_oracle import Conversion, Journey, Touch

pytestmark = pytest.mark.slow

AS_OF = datetime(2026, 7, 1)
LOOKBACK = timedelta(days=30)
PRIORITIES = {"crm": 10, "web": 80, "bus": 100}
CHANNELS = ["web", "email", "app", "store", "paid_search"]
OVERRIDES = {
    "goals": [{"goal": "registration", "is_conversion": True}],
    "interactions": [{"interaction": "delivery", "is_attribution_touch": True}],
}


class Brand(CanonicalWarehouse):
    """Raw rows by short calls; a customer is known on every record by a number."""

    def knows(self, record: str, **identifiers: str) -> None:
        for kind, value in identifiers.items():
            self.add(
                "identifiers",
                source=record.split(":")[0],
                record_id=record,
                identifier_type=kind,
                identifier_value=value,
                observed_at=datetime(2026, 1, 1),
                loaded_at=datetime(2026, 1, 1),
                is_authenticated=kind == "customer_id",
            )

    def touch(self, record: str, name: str, at: datetime, channel: str, **values: object) -> None:
        row = {"interaction": "page_view", "loaded_at": at, **values}
        self.add(
            "touchpoints",
            source=record.split(":")[0],
            record_id=record,
            touchpoint_id=name,
            occurred_at=at,
            channel=channel,
            **row,
        )

    def order(self, record: str, name: str, at: datetime, revenue: int, **values: object) -> None:
        row = {"status": "completed", "channel": "web", "currency": "CHF", **values}
        self.add(
            "orders",
            source=record.split(":")[0],
            record_id=record,
            order_id=name,
            ordered_at=at,
            loaded_at=at,
            revenue_amount=Decimal(revenue),
            **row,
        )


def may(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 5, day, hour)


def tell_scenarios(brand: Brand) -> None:
    """Persons named after the scenario; what becomes of them stands in the tests."""
    for name in ("roaming", "bought", "refunded", "foreign", "late", "mailed", "joined"):
        brand.knows(f"web:{name}", customer_id=name, cookie_id=f"cookie-{name}")
        brand.knows(f"app:{name}", customer_id=name, device_id=f"device-{name}")
    # a cart begun on the laptop, continued on the phone; the laptop takes one thing out again
    for name in ("roaming", "bought"):
        cart = {"interaction": "add_to_cart", "value_amount": Decimal(10)}
        brand.touch(f"web:{name}", f"{name}-1", may(1), "web", product_id="p1", **cart)
        brand.touch(f"web:{name}", f"{name}-2", may(1, 13), "web", product_id="p2", **cart)
        brand.touch(f"app:{name}", f"{name}-3", may(2), "app", product_id="p3", **cart)
    brand.touch("web:roaming", "roaming-4", may(3), "web", product_id="p2",
        interaction="remove_from_cart")  # fmt: skip
    brand.order("app:bought", "bought", may(3), 30, channel="app")
    # paid back nine days later, at its own date; and an order that was cancelled
    brand.touch("web:refunded", "refunded-1", may(1), "email")
    brand.order("web:refunded", "refunded", may(2), 100)
    brand.touch("web:refunded", "refunded-2", may(5), "web")
    brand.order("web:refunded", "back", may(11), -100, status="refunded",
        related_order_id="refunded")  # fmt: skip
    brand.order("web:refunded", "cancelled", may(12), 50, status="cancelled")
    brand.touch("web:foreign", "foreign-1", may(1), "web")
    brand.order("web:foreign", "foreign", may(2), 100, currency="EUR")
    # nothing at all came in on 2 May; the click of 1 May came three weeks late
    brand.touch("web:late", "late-1", may(1), "email", loaded_at=may(21))
    brand.touch("web:late", "late-2", may(3), "web")
    brand.order("web:late", "late", may(4), 10)
    brand.touch("web:mailed", "mailed-1", may(1), "email", interaction="delivery")
    brand.touch("web:mailed", "mailed-2", may(2), "web")
    brand.order("web:mailed", "mailed", may(2, 13), 10)
    # an advertisement, a sign-up, an order: the sign-up leads to the order, not to itself
    brand.touch("web:joined", "joined-1", may(1), "paid_search")
    brand.touch("web:joined", "joined-2", may(2), "web", interaction="register")
    brand.order("web:joined", "joined", may(3), 10)


def tell_randomly(brand: Brand, seed: int, persons: int) -> tuple[list[Touch], list[Conversion]]:
    """Persons on a grid of six hours, so that ties and exact lookbacks are common."""
    draw = random.Random(seed)
    touches, orders = [], []
    for number in range(persons):
        person = f"r{number:04d}"
        instants = [datetime(2026, 1, 20) + timedelta(hours=6 * i) for i in range(600)]
        for source in PRIORITIES:
            brand.knows(f"{source}:{person}", customer_id=person)
        for step in range(draw.choice([1, 2, 3, 5, 8, 13])):
            source = draw.choice(list(PRIORITIES))
            at = draw.choice(instants)
            channel = draw.choices(CHANNELS, weights=[6, 4, 3, 2, 1])[0]
            # ids without order, so that ties are not told in the order of the rows
            name = f"{draw.randrange(10**6):06d}-{person}-{step}"
            registers = draw.random() < 0.12
            brand.touch(f"{source}:{person}", name, at, channel,
                interaction="register" if registers else "search")  # fmt: skip
            touches.append(Touch(person, at, PRIORITIES[source], name, channel))
            if registers:
                orders.append(Conversion(person, at, Decimal(0), by=name))
        for at in draw.sample(instants, draw.choice([0, 0, 1, 2])):
            revenue = draw.randrange(1, 200)
            brand.order(f"web:{person}", f"{person}-{at}", at, revenue)
            orders.append(Conversion(person, at, Decimal(revenue)))
    return touches, orders


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Brand, list[Touch], list[Conversion]]:
    brand = Brand(tmp_path_factory.mktemp("journeys") / "brand", AS_OF, overrides=OVERRIDES)
    tell_scenarios(brand)
    touches, conversions = tell_randomly(brand, seed=11, persons=250)
    brand.write()
    marts = ("fct_journeys", "transitions", "path_tree", "paths", "carts_current", "fct_sessions")
    # with every data test whose parents are built, the laws of tests/journeys among them
    selection = [f"+{name}" for name in (*marts, "credits")]
    brand.dbt("build", "--select", *selection, "--exclude-resource-type", "unit_test")
    return brand, touches, conversions


@pytest.fixture
def brand(told) -> Brand:
    return told[0]


@pytest.fixture(params=["order", "registration"])
def expected(told, request) -> tuple[str, list[Journey]]:
    """A goal and the oracle's journeys of the random persons."""
    _, touches, conversions = told
    mine = [one for one in conversions if (one.by is None) == (request.param == "order")]
    return request.param, oracle.journeys(touches, mine, lookback=LOOKBACK, as_of=AS_OF)


def of_person(brand: Brand, name: str, goal: str = "order") -> list[tuple]:
    """(outcome, path, revenue) of a scenario's journeys, by time."""
    return brand.query(
        f"""select outcome, path, revenue_amount from journeys.fct_journeys
        where goal = '{goal}' and person_id = (
            select person_id from core.fct_touchpoints where touchpoint_id = '{name}-1')
        order by started_at"""
    )


def test_a_cart_follows_its_person_from_the_laptop_to_the_phone(brand: Brand) -> None:
    """Carts were kept per device: the phone forgot what the laptop held, and an order placed on the
    phone left the laptop's cart open for reminders."""
    carts = brand.query(
        "select products, channels, item_count, value_amount, first_activity_at, last_activity_at"
        " from core.carts_current"
    )
    assert carts == [("p1,p3", "app,web", 2, 20, may(1), may(3))]


def test_a_refund_ends_no_journey_and_takes_nothing_back(brand: Brand) -> None:
    assert of_person(brand, "refunded") == [("converted", ["email"], 100), ("lost", ["web"], None)]


def test_revenue_is_in_the_reporting_currency_of_the_day(brand: Brand) -> None:
    with (DBT_PROJECT_DIR / "seeds/core/exchange_rates.csv").open(encoding="utf-8") as handle:
        rates = {
            date.fromisoformat(row["rate_date"]): Decimal(row["rate"])
            for row in csv.DictReader(handle)
            if (row["from_currency"], row["to_currency"]) == ("EUR", "CHF")
        }
    rate = rates[max(day for day in rates if day <= date(2026, 5, 2))]
    assert of_person(brand, "foreign") == [("converted", ["web"], 100 * rate)]


def test_a_late_click_counts_and_a_day_without_data_cuts_nothing(brand: Brand) -> None:
    assert of_person(brand, "late") == [("converted", ["email", "web"], 10)]


def test_what_was_sent_is_a_touch_if_the_brand_says_so_but_no_visit(brand: Brand) -> None:
    assert of_person(brand, "mailed") == [("converted", ["email", "web"], 10)]
    sessions = brand.query(
        """select touchpoint_id, session_id is null from core.fct_touchpoints
        where touchpoint_id like 'mailed%' order by 1"""
    )
    assert sessions == [("mailed-1", True), ("mailed-2", False)]


def test_a_sign_up_is_a_touch_of_the_order_and_none_of_itself(brand: Brand) -> None:
    assert of_person(brand, "joined") == [("converted", ["paid_search", "web"], 10)]
    assert of_person(brand, "joined", "registration") == [("converted", ["paid_search"], 0)]


def random_journeys(brand: Brand, goal: str) -> Iterator[tuple]:
    """Rows of fct_journeys of the random persons."""
    yield from brand.query(
        f"""select outcome, started_at, ended_at, path, touched_at, revenue_amount, touch_count,
            channel_count, time_to_conversion_s
        from journeys.fct_journeys where goal = '{goal}' and person_id not in (
            select person_id from core.fct_touchpoints where touchpoint_id not like '%-r%')"""
    )


def test_journeys_of_random_persons(brand: Brand, expected: tuple[str, list[Journey]]) -> None:
    goal, journeys = expected
    assert {one.outcome for one in journeys} == {"converted", "lost", "open"}
    want = sorted(
        (
            one.outcome, one.started_at, one.ended_at, list(one.path), list(one.touched_at),
            one.revenue if one.outcome == "converted" else None, len(one.path), len(set(one.path)),
            (one.ended_at - one.started_at).total_seconds() if one.outcome == "converted" else None,
        )
        for one in journeys
    )  # fmt: skip
    assert sorted(random_journeys(brand, goal), key=repr) == sorted(want, key=repr)


def everybody(brand: Brand, expected: tuple[str, list[Journey]]) -> list[Journey]:
    """The oracle's journeys and those of the scenarios, which are worked by hand above."""
    goal, journeys = expected
    rows = brand.query(
        f"""select outcome, started_at, ended_at, path, touched_at, coalesce(revenue_amount, 0)
        from journeys.fct_journeys where goal = '{goal}' and person_id in (
            select person_id from core.fct_touchpoints where touchpoint_id not like '%-r%')"""
    )
    told = [Journey("", o, s, e, tuple(p), tuple(t), r) for o, s, e, p, t, r in rows]
    return [*journeys, *told]


def test_transitions(brand: Brand, expected: tuple[str, list[Journey]]) -> None:
    rows = brand.query(
        f"""select period_grain, case when period_grain = 'month' then period_start end,
            from_channel, to_channel, transition_count, median_lag_s, conversion_rate_after,
            drop_off_rate, repeat_engagement_rate, lift
        from journeys.transitions where goal = '{expected[0]}'"""
    )
    want = oracle.transitions(everybody(brand, expected))
    assert len(want) > 100
    assert {row[:4] for row in rows} == set(want)
    for row in rows:
        for value, other in zip(row[4:], want[row[:4]], strict=True):
            same = value is other if other is None else value == pytest.approx(other, rel=1e-9)
            assert same, (row, want[row[:4]])


def test_path_tree(brand: Brand, expected: tuple[str, list[Journey]]) -> None:
    rows = brand.query(
        f"""select path, journey_count, conversion_count, revenue_amount
        from journeys.path_tree where goal = '{expected[0]}'"""
    )
    want = oracle.path_tree(everybody(brand, expected), depth=6, width=6)
    assert {row[0]: row[1:] for row in rows} == want


def test_paths(brand: Brand, expected: tuple[str, list[Journey]]) -> None:
    for transform in oracle.TRANSFORMS:
        rows = brand.query(
            f"""select path, journey_count, conversion_count, revenue_amount
            from journeys.paths where goal = '{expected[0]}' and transform = '{transform}'"""
        )
        want = oracle.paths(everybody(brand, expected), transform)
        named = {row[0]: row[1:] for row in rows if row[0] != "(other)"}
        assert len(named) == min(100, len(want))
        assert named == {path: want[path] for path in named}
        assert min(row[0] for row in named.values()) >= max(
            (row[0] for path, row in want.items() if path not in named), default=0
        )
