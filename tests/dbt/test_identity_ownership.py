"""Who had a shared identifier when: tablets that several people use in turn, numbers that move.

The oracle walks the records of a device in the order of time, one by one; the models never do.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.dbt.canonical_warehouse import CanonicalWarehouse

AS_OF = datetime(2026, 7, 1)
PEOPLE = ["ann", "ben", "cleo"]
DEVICES = 6
NUMBER = "+41795550101"
POLICIES = ["last_known", "next_known", "none"]

# (record, time, device, who logged in or None)
Visit = tuple[str, datetime, str, str | None]


def _visits() -> list[Visit]:
    """Visits at distinct times; a third of them with a login, on every device by two at least."""
    dice = random.Random(7)
    visits: list[Visit] = []
    for number in range(DEVICES):
        device = f"tablet{number}"
        people = PEOPLE[: 2 + number % 2]
        for step in range(30):
            who = dice.choice(people) if dice.random() < 0.35 else None
            at = AS_OF - timedelta(days=40) + timedelta(hours=20 * step, minutes=number)
            visits.append((f"{device}-{step}", at, device, who))
        for position, who in enumerate(people):
            at = AS_OF - timedelta(days=33) + timedelta(hours=position, minutes=number, seconds=1)
            visits.append((f"{device}-x{position}", at, device, who))
    return visits


def _owner(visits: list[Visit], record: Visit, policy: str) -> str:
    """Whose an anonymous visit is: of the logins just before and just after it."""
    _, at, device, _ = record
    logins = [(when, who) for _, when, where, who in visits if where == device and who]
    before = max((login for login in logins if login[0] < at), default=None)
    after = min((login for login in logins if login[0] > at), default=None)
    if before and after and before[1] == after[1]:
        return before[1]
    if policy == "last_known" and before:
        return before[1]
    if policy == "next_known" and after:
        return after[1]
    return device


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> CanonicalWarehouse:
    folder: Path = tmp_path_factory.mktemp("ownership") / "tenant"
    warehouse = CanonicalWarehouse(folder, as_of=AS_OF, feature_cutoff_count=1)

    def tell(record: str, at: datetime, *identifiers: tuple[str, str, bool]) -> None:
        for kind, value, proven in identifiers:
            warehouse.add(
                "identifiers", source="test", record_id=record, identifier_type=kind,
                identifier_value=value, observed_at=at, loaded_at=at + timedelta(minutes=5),
                is_authenticated=proven,
            )  # fmt: skip

    for record, at, device, who in _visits():
        login = [("customer_id", who, True)] if who else []
        tell(record, at, ("device_id", device, False), *login)
    day = AS_OF - timedelta(days=30)
    # the number is Paula's, then Quirin's
    for step, (record, customer) in enumerate(
        [("early", None), ("paula-1", "paula"), ("reply-1", None), ("paula-2", "paula"),
         ("reply-2", None), ("quirin-1", "quirin"), ("reply-3", None)]
    ):  # fmt: skip
        said = [("customer_id", customer, True)] if customer else []
        tell(record, day + timedelta(days=step), ("phone", NUMBER, False), *said)
    # sixty customers at one kiosk: a hub, which nobody ever has
    for number in range(60):
        tell(
            f"kiosk-{number}", day + timedelta(hours=number),
            ("device_id", "kiosk", False), ("loyalty_id", f"K{number}", True),
        )  # fmt: skip
    tell("kiosk-nobody", day + timedelta(days=9), ("device_id", "kiosk", False))
    warehouse.write()
    warehouse.dbt(
        "build", "--select", "+persons", "+edges", "+identifier_person", "+identifiers",
        "+int_identity__record_persons", "+int_identity__record_keys",
    )  # fmt: skip
    return warehouse


def _persons(warehouse: CanonicalWarehouse) -> dict[str, str | None]:
    return dict(
        warehouse.query(
            "select record_id, person_id from intermediate.int_identity__record_keys "
            "left join intermediate.int_identity__record_persons using (record_key)"
        )
    )


def _set_policy(warehouse: CanonicalWarehouse, policy: str) -> None:
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("update ops.settings set shared_device_policy = ?", [policy])
    warehouse.dbt("run", "--select", "int_identity__ownership")


@pytest.mark.parametrize("policy", POLICIES)
def test_an_anonymous_visit_is_whose_login_was_near_it(
    warehouse: CanonicalWarehouse, policy: str
) -> None:
    _set_policy(warehouse, policy)
    person_of = _persons(warehouse)
    visits = _visits()
    names = {who: person_of[record] for record, _, _, who in visits if who}
    assert len(set(names.values())) == len(PEOPLE)
    with duckdb.connect(str(warehouse.path), read_only=True) as connection:
        own = dict(
            connection.execute(
                "select identifier_value, person_id from pii.identifiers "
                "where identifier_type = 'device_id'"
            ).fetchall()
        )
    anonymous = [visit for visit in visits if visit[3] is None]
    expected = {visit[0]: _owner(visits, visit, policy) for visit in anonymous}
    assert {record: person_of[record] for record in expected} == {
        record: names.get(owner, own.get(owner)) for record, owner in expected.items()
    }
    # the fixture has all cases
    assert len(set(expected.values()) - set(own)) == len(PEOPLE)
    if policy != "last_known":
        assert set(expected.values()) & set(own)


def test_a_number_that_moved_was_the_former_customers_before(warehouse: CanonicalWarehouse) -> None:
    person_of = _persons(warehouse)
    paula, quirin = person_of["paula-1"], person_of["quirin-1"]
    assert paula != quirin
    # before anybody showed it, it is whose it is now
    assert [person_of[record] for record in ("early", "reply-1", "reply-2", "reply-3")] == [
        quirin, paula, paula, quirin,
    ]  # fmt: skip


def test_nobody_has_a_kiosk(warehouse: CanonicalWarehouse) -> None:
    assert _persons(warehouse)["kiosk-nobody"] is None


def test_an_identifier_has_a_row_per_turn(warehouse: CanonicalWarehouse) -> None:
    """What `identity.identifier_person` says at the time of a record is what the record says."""
    _set_policy(warehouse, "none")
    warehouse.dbt(
        "build", "--full-refresh", "--select", "identifier_person",
        "an_identifier_is_one_persons_at_any_instant",
    )  # fmt: skip
    wrong = warehouse.query(
        """
        select records.record_key, owners.person_id, record_persons.person_id
        from intermediate.int_identity__records as records
        inner join intermediate.int_identity__record_persons as record_persons
            using (record_key)
        inner join intermediate.int_identity__identifiers as identifiers
            on record_persons.identifier_number = identifiers.identifier_number
        left join identity.identifier_person as owners
            on owners.identifier_key = identifiers.identifier_key and owners.known_to is null
            and records.observed_at >= owners.valid_from
            and records.observed_at < coalesce(owners.valid_to, timestamp '9999-12-31')
        where owners.person_id is distinct from record_persons.person_id
        """
    )
    assert wrong == []
    turns = warehouse.query(
        "select count(*), count(distinct owners.person_id) "
        "from identity.identifier_person as owners "
        "inner join pii.identifiers using (identifier_key) "
        "where identifier_value = 'tablet0' and known_to is null"
    )
    assert turns[0][0] > 5
    assert turns[0][1] == 3
