"""Named scenarios of the identity graph, each worked by hand, all in one landing and one dbt run.

A record is written as `type=value type=value ...`; an asterisk after the type means that the person
proved it. Values of different scenarios never meet.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.dbt.canonical_warehouse import CanonicalWarehouse

AS_OF = datetime(2026, 7, 1)
SHORT = {
    "cust": "customer_id",
    "crm": "crm_contact_id",
    "loy": "loyalty_id",
    "email": "email",
    "phone": "phone",
    "cookie": "cookie_id",
    "device": "device_id",
    "push": "push_token",
    "address": "address_hash",
    "fax": "fax_number",
}

# (record, identifiers); record names are unique, one day apart in this order
RECORDS: list[tuple[str, str]] = [
    # two users on one device: three log in on one tablet, nobody is fused
    ("tablet-1", "cust*=ann email=ann@tablet.ch cookie=tablet"),
    ("tablet-2", "cust*=ben email=ben@tablet.ch cookie=tablet"),
    ("tablet-3", "cookie=tablet"),
    # one user of a device: what the device did before belongs to her
    ("laptop-1", "cookie=laptop"),
    ("laptop-2", "cust*=cleo cookie=laptop"),
    # kiosk: sixty customers on one device
    *[(f"kiosk-{i}", f"loy*=K{i} device=kiosk") for i in range(60)],
    ("kiosk-nobody", "device=kiosk"),
    # placeholder e-mail on the blocklist, and one that only its sharing gives away
    *[(f"desk-{i}", f"crm=D{i} email=TEST@test.com") for i in range(30)],
    *[(f"shop-{i}", f"crm=S{i} email=kein@shop.ch cookie=shop{i}") for i in range(30)],
    ("shop-bare", "email=kein@shop.ch"),
    # case and blanks
    ("case-1", "crm=C1 email=Eva.Muster@Mail.ch"),
    ("case-2", "crm=C2 email=  eva.muster@mail.CH\t"),
    ("case-3", "loy=l-77 email=\u00a0EVA.MUSTER@mail.ch"),
    ("case-4", "loy= L-77 cookie=eva"),
    # one number in two spellings
    ("spelling-1", "crm=N1 phone=079 555 01 01"),
    ("spelling-2", "crm=N2 phone=+41795550101"),
    # family landline and address
    ("family-1", "crm=F1 phone=044 555 02 02 address=haus"),
    ("family-2", "crm=F2 phone=044 555 02 02 address=haus"),
    ("family-3", "address=haus"),
    # late merge: two halves of which the first is older, then the record that ties them
    ("late-1", "email=late@one.ch cookie=late1"),
    ("late-2", "phone=079 555 03 03 device=late2"),
    ("late-3", "email=late@one.ch phone=079 555 03 03"),
    # one person may have two cards, a device without anybody is a person too
    ("cards-1", "cust*=dora loy*=D-1"),
    ("cards-2", "cust*=dora loy*=D-2 push=dora"),
    ("alone", "cookie=alone"),
    # nothing usable
    ("invalid-1", "email=not-an-address"),
    ("invalid-2", "phone=12"),
    ("unknown-type", "fax=1"),
    ("placeholder", "cust=(not set) cookie=held"),
    # facts belong to whom the record proves, not to the stronger identifier it merely names
    ("proof-1", "cust=named email*=proof@mail.ch"),
    ("proof-2", "crm=P1 email=proof@mail.ch"),
    # a stranger's phone is read in the country of the record's contact
    ("abroad-1", "crm=A1 phone=0151 23456789"),
    ("abroad-2", "crm=A2 phone=+49 151 23456789"),
    # the same in a table that is read in place: its rows have neither file nor number
    ("in-place-1", "crm=A3 phone=0151 98765432"),
    ("in-place-2", "crm=A4 phone=+49 151 98765432"),
]


def parse(text: str) -> list[tuple[str, str, bool]]:
    """(type, value, proven) of every `type=value`; values may contain blanks."""
    found: list[tuple[str, str, bool]] = []
    for word in text.split(" "):
        name, separator, value = word.partition("=")
        if separator and name.rstrip("*") in SHORT:
            found.append((SHORT[name.rstrip("*")], value, name.endswith("*")))
        else:
            kind, before, proven = found.pop()
            found.append((kind, f"{before} {word}", proven))
    return found


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> CanonicalWarehouse:
    folder: Path = tmp_path_factory.mktemp("scenarios") / "tenant"
    warehouse = CanonicalWarehouse(
        folder, as_of=AS_OF, phone_kinds={"044 555 02 02": "fixed_line"}, feature_cutoff_count=2
    )
    for number, (record, text) in enumerate(RECORDS):
        at = AS_OF - timedelta(hours=len(RECORDS) + 10 - number)
        for kind, value, proven in parse(text):
            warehouse.add(
                "identifiers",
                source="test",
                record_id=record,
                identifier_type=kind,
                identifier_value=value,
                observed_at=at,
                loaded_at=at + timedelta(minutes=5),
                is_authenticated=proven,
                **({"_file_name": None, "_row_number": None} if record == "in-place-1" else {}),
            )
    at = AS_OF - timedelta(days=60)
    for record in ("abroad-1", "in-place-1"):
        warehouse.add(
            "contacts",
            source="test",
            record_id=record,
            updated_at=at,
            loaded_at=at,
            country_code="de ",
        )
    warehouse.write()
    warehouse.dbt("build", "--select", "+group:identity", "+group:pii")
    return warehouse


@pytest.fixture(scope="module")
def person_of(warehouse: CanonicalWarehouse) -> dict[str, str | None]:
    """Person of every record."""
    return dict(
        warehouse.query(
            "select record_id, person_id from intermediate.int_identity__record_persons "
            "inner join intermediate.int_identity__record_keys using (record_key)"
        )
    )


def test_every_record_is_covered(person_of: dict[str, str | None]) -> None:
    assert person_of.keys() == {record for record, _ in RECORDS}


def test_two_users_of_one_device_stay_two(person_of: dict[str, str | None]) -> None:
    persons = {person_of["tablet-1"], person_of["tablet-2"], person_of["tablet-3"]}
    assert len(persons) == 3
    assert None not in persons


def test_a_tablet_of_several_persons_is_pending_evidence(warehouse: CanonicalWarehouse) -> None:
    assert warehouse.query(
        """
        select edges.status, count(*)
        from identity.edges
        inner join pii.identifiers on identifiers.identifier_key = edges.identifier_b
        where identifiers.identifier_value = 'tablet'
        group by edges.status
        """
    ) == [("pending", 2)]


def test_a_device_of_one_person_is_hers_also_before_the_login(
    person_of: dict[str, str | None],
) -> None:
    assert person_of["laptop-1"] == person_of["laptop-2"] is not None


def test_a_kiosk_fuses_nobody(person_of: dict[str, str | None]) -> None:
    assert len({person_of[f"kiosk-{i}"] for i in range(60)}) == 60
    assert person_of["kiosk-nobody"] is None


def test_a_placeholder_email_fuses_nobody(
    warehouse: CanonicalWarehouse, person_of: dict[str, str | None]
) -> None:
    assert len({person_of[f"desk-{i}"] for i in range(30)}) == 30
    assert len({person_of[f"shop-{i}"] for i in range(30)}) == 30
    assert person_of["shop-bare"] is None
    assert warehouse.query(
        """
        select identifiers.identifier_value, edges.status, count(*)
        from identity.edges
        inner join pii.identifiers on identifiers.identifier_key = edges.identifier_b
        where identifiers.identifier_value in ('test@test.com', 'kein@shop.ch')
        group by identifiers.identifier_value, edges.status
        order by identifiers.identifier_value
        """
    ) == [("kein@shop.ch", "hub", 30), ("test@test.com", "blocked", 30)]


def test_case_and_blanks_make_no_second_person(
    warehouse: CanonicalWarehouse, person_of: dict[str, str | None]
) -> None:
    assert len({person_of[f"case-{i}"] for i in (1, 2, 3, 4)}) == 1
    assert warehouse.query(
        "select identifier_value from pii.identifiers where identifier_value ilike '%muster%'"
    ) == [("eva.muster@mail.ch",)]
    assert person_of["spelling-1"] == person_of["spelling-2"] is not None


def test_a_landline_and_an_address_link_nobody(person_of: dict[str, str | None]) -> None:
    assert person_of["family-1"] != person_of["family-2"]
    assert person_of["family-3"] is None


def test_a_late_record_merges_and_the_strongest_earliest_names(
    warehouse: CanonicalWarehouse, person_of: dict[str, str | None]
) -> None:
    assert len({person_of[f"late-{i}"] for i in (1, 2, 3)}) == 1
    anchor = warehouse.query(
        f"""
        select identifiers.identifier_value
        from intermediate.int_identity__persons_at_cutoff as persons
        inner join intermediate.int_identity__keys as keys
            on keys.identifier_number = persons.anchor_number
        inner join pii.identifiers on identifiers.identifier_key = keys.identifier_key
        where persons.person_id = '{person_of["late-1"]}'
        """
    )
    assert anchor == [("late@one.ch",)]


def test_cards_and_lonely_devices(
    warehouse: CanonicalWarehouse, person_of: dict[str, str | None]
) -> None:
    assert person_of["cards-1"] == person_of["cards-2"]
    assert warehouse.query(
        f"select identifier_count, record_count, is_known, confidence from identity.persons "
        f"where person_id = '{person_of['cards-1']}'"
    ) == [(4, 2, True, "authenticated")]
    assert warehouse.query(
        f"select is_known, confidence from identity.persons "
        f"where person_id = '{person_of['alone']}'"
    ) == [(False, "anonymous")]


def test_what_is_unusable_is_kept_apart_with_its_reason(
    warehouse: CanonicalWarehouse, person_of: dict[str, str | None]
) -> None:
    assert [person_of[r] for r in ("invalid-1", "invalid-2", "unknown-type")] == [None] * 3
    assert person_of["placeholder"] is not None  # the cookie beside it is somebody
    assert warehouse.query(
        """
        select identifier_value, invalid_reason from pii.identifiers
        where not is_valid order by identifier_value
        """
    ) == [
        ("(not set)", "placeholder"),
        ("1", "unknown_type"),
        ("12", "no_possible_number"),
        ("not-an-address", "no_email_address"),
        ("test@test.com", "placeholder"),
    ]


def test_facts_belong_to_whom_the_record_proves(warehouse: CanonicalWarehouse) -> None:
    assert warehouse.query(
        "select identifier_type from intermediate.int_identity__record_persons "
        "inner join intermediate.int_identity__identifiers using (identifier_number) "
        "inner join intermediate.int_identity__record_keys using (record_key) "
        "where record_id in ('proof-1', 'proof-2') order by record_id"
    ) == [("email",), ("crm_contact_id",)]


def test_the_contact_says_in_which_country_a_number_is_read(
    person_of: dict[str, str | None],
) -> None:
    """In place too: the country was joined by file and row number, which were null there."""
    assert person_of["abroad-1"] == person_of["abroad-2"] is not None
    assert person_of["in-place-1"] == person_of["in-place-2"] is not None


def test_the_actor_is_the_device_if_there_is_one(warehouse: CanonicalWarehouse) -> None:
    assert warehouse.query(
        """
        select record_keys.record_id, identifiers.identifier_type
        from intermediate.int_identity__record_persons as record_persons
        inner join intermediate.int_identity__record_keys as record_keys
            on record_keys.record_key = record_persons.record_key
        left join pii.identifiers on identifiers.identifier_key = record_persons.actor_key
        where record_keys.record_id in (
            'laptop-2', 'cards-1', 'cards-2', 'kiosk-1', 'kiosk-nobody', 'invalid-1', 'family-3'
        )
        order by record_keys.record_id
        """
    ) == [
        ("cards-1", "customer_id"),
        ("cards-2", "push_token"),
        ("family-3", None),
        ("invalid-1", None),
        ("kiosk-1", "loyalty_id"),
        ("kiosk-nobody", "device_id"),
        ("laptop-2", "cookie_id"),
    ]


def test_quality_of_the_day(warehouse: CanonicalWarehouse) -> None:
    metrics = dict(warehouse.query("select metric, value from identity.quality_daily"))
    assert warehouse.query("select distinct metric_date from identity.quality_daily") == [
        (datetime(2026, 6, 30).date(),)
    ]
    assert metrics["identifiers_hub"] == 2  # the kiosk and kein@shop.ch
    assert metrics["edges_pending"] == 2
    assert metrics["edges_blocked"] == 30 + 4 + 1  # test@test.com, landline, address, (not set)
    assert metrics["largest_person"] == 5
    assert metrics["persons_over_50_identifiers"] == 0


def test_the_persons_of_as_of_are_the_persons_of_the_newest_cutoff(
    warehouse: CanonicalWarehouse,
) -> None:
    assert warehouse.query(
        """
        select count(*) from (
            -- whose turn it was on a shared device is for facts; features leave it out
            (select record_key, person_id from intermediate.int_identity__records
             inner join intermediate.int_identity__set_persons using (set_key)
             except
             select record_key, person_id
             from intermediate.int_identity__record_persons_at_cutoff
             where cutoff_at = (select as_of from ops.settings))
        )
        """
    ) == [(0,)]


def test_a_steward_merges_and_blocks(warehouse: CanonicalWarehouse) -> None:
    """Rules are rows of a seed; here they are put into its table, and the models run again."""
    keys = dict(warehouse.query("select identifier_value, identifier_key from pii.identifiers"))
    rules = [
        ("r1", "always_merge", keys["ann@tablet.ch"], keys["ben"]),
        ("r2", "block_value", keys["laptop"], None),
        ("r3", "always_merge", keys["cleo"], keys["cleo"]),
    ]
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.executemany(
            "insert into seeds.manual_rules (rule_id, rule, identifier_key_a, identifier_key_b) "
            "values (?, ?, ?, ?)",
            rules,
        )
    warehouse.dbt("run", "--select", "int_identity__blocked+,group:identity")
    persons = dict(
        warehouse.query(
            "select record_id, person_id from intermediate.int_identity__record_persons "
            "inner join intermediate.int_identity__record_keys using (record_key)"
        )
    )
    # Ann and Ben are one, so the tablet has one owner now
    assert persons["tablet-1"] == persons["tablet-2"] == persons["tablet-3"] is not None
    assert persons["laptop-1"] is None
    assert persons["laptop-2"] is not None
    assert warehouse.query(
        "select status, status_reason, evidence_count, sources from identity.edges "
        "where status_reason like 'rule %'"
    ) == [("manual", "rule r1", 0, "manual_rules")]
