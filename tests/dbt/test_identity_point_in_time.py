"""Persons at a cutoff are the persons of a warehouse with only the files loaded before it.

Random evidence with late loads, corrected rows, contacts that arrive later, hubs that come to be in
time; the oracle is the project itself on less data, at as_of = cutoff.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.dbt.canonical_warehouse import CanonicalWarehouse

AS_OF = datetime(2026, 7, 1)
# every thirtieth day since 1 January 1970, at least a step before AS_OF
CUTOFFS = [datetime(2026, 5, 7), datetime(2026, 4, 7)]
TYPES = ["customer_id", "loyalty_id", "email", "phone", "cookie_id", "device_id"]
SELECTION = (
    "+int_identity__persons_at_cutoff",
    "+int_identity__record_persons_at_cutoff",
    "+int_identity__record_keys",
    "+int_identity__record_persons",
)


def _evidence(seed: int) -> list[tuple[str, dict[str, object]]]:
    """(table, row) of 900 records on 150 days; every tenth row is delivered again, changed."""
    generator = random.Random(seed)
    rows: list[tuple[str, dict[str, object]]] = []
    for number in range(900):
        observed_at = AS_OF - timedelta(minutes=generator.randrange(60 * 24 * 150))
        someone = generator.randrange(120)
        for kind in generator.sample(TYPES, generator.randint(1, 3)):
            # mostly the person's own value, sometimes one that several share
            value = someone if generator.random() < 0.85 else generator.randrange(12)
            text = {
                "email": f"p{value}@mail.ch",
                "phone": f"0{151_0000000 + value}",
            }.get(kind, f"{kind}-{value}")
            loaded_at = observed_at + timedelta(hours=generator.choice([1, 1, 1, 40 * 24]))
            row: dict[str, object] = {
                "source": "test",
                "record_id": f"r{number}",
                "identifier_type": kind,
                "identifier_value": text,
                "observed_at": observed_at,
                "loaded_at": loaded_at,
                "is_authenticated": generator.random() < 0.3,
            }
            rows.append(("identifiers", row))
            if generator.random() < 0.1:
                rows.append(
                    (
                        "identifiers",
                        row
                        | {
                            "observed_at": observed_at - timedelta(days=generator.randrange(9)),
                            "loaded_at": loaded_at + timedelta(days=generator.randrange(60)),
                            "is_authenticated": True,
                        },
                    )
                )
        if generator.random() < 0.2:
            rows.append(
                (
                    "contacts",
                    {
                        "source": "test",
                        "record_id": f"r{number}",
                        "updated_at": observed_at,
                        "loaded_at": observed_at + timedelta(days=generator.randrange(50)),
                        "country_code": generator.choice(["DE", "AT"]),
                    },
                )
            )
    return [(table, row) for table, row in rows if row["loaded_at"] < AS_OF]  # type: ignore[operator]


def _resolved(folder: Path, as_of: datetime) -> CanonicalWarehouse:
    """Warehouse of what loaded before `as_of`, resolved."""
    warehouse = CanonicalWarehouse(folder, as_of=as_of, feature_cutoff_count=3)
    for position, (table, row) in enumerate(_evidence(seed=11)):
        if row["loaded_at"] < as_of:  # type: ignore[operator]
            warehouse.add(table, **row, _row_number=position)
    warehouse.write()
    warehouse.dbt("build", "--select", *SELECTION)
    return warehouse


@pytest.fixture(scope="module")
def now(tmp_path_factory: pytest.TempPathFactory) -> CanonicalWarehouse:
    return _resolved(tmp_path_factory.mktemp("now") / "tenant", AS_OF)


@pytest.mark.slow
@pytest.mark.parametrize("cutoff", CUTOFFS[:1], ids=str)
def test_persons_at_a_cutoff_need_no_later_file(
    now: CanonicalWarehouse, cutoff: datetime, tmp_path: Path
) -> None:
    then = _resolved(tmp_path / "tenant", cutoff)
    assert now.query(
        "select source, record_id, person_id "
        "from intermediate.int_identity__record_persons_at_cutoff "
        "inner join intermediate.int_identity__record_keys using (record_key) "
        f"where cutoff_at = timestamp '{cutoff}' order by all"
    ) == then.query(
        "select source, record_id, set_persons.person_id "
        "from intermediate.int_identity__record_keys "
        "inner join intermediate.int_identity__record_persons as records using (record_key) "
        "inner join intermediate.int_identity__set_persons as set_persons using (set_key) "
        "order by all"
    )
    persons = (
        "select * exclude (cutoff_at) "
        "from intermediate.int_identity__persons_at_cutoff "
        f"where cutoff_at = timestamp '{cutoff}' order by all"
    )
    assert now.query(persons) == then.query(persons)


def test_the_evidence_does_change_who_is_who(now: CanonicalWarehouse) -> None:
    """The law above would be empty if later files merged nobody and made no hub."""
    by_cutoff = dict(
        now.query(
            "select cutoff_at, count(distinct person_id) "
            "from intermediate.int_identity__persons_at_cutoff group by cutoff_at"
        )
    )
    assert by_cutoff.keys() == {AS_OF, *CUTOFFS}
    merged = now.query(
        """
        select count(*) from intermediate.int_identity__record_persons_at_cutoff as earlier
        inner join intermediate.int_identity__record_persons as later
            on later.record_key = earlier.record_key
        where later.person_id is distinct from earlier.person_id
        """
    )[0][0]
    hubs = now.query("select count(*) from intermediate.int_identity__hubs")[0][0]
    earlier_hubs = now.query("select count(*) from intermediate.int_identity__hubs_at_cutoff")[0][0]
    assert merged > 100
    assert hubs > 0
    assert earlier_hubs != 2 * hubs


def test_past_cutoffs_are_days_of_a_grid_with_a_month_to_look_back_on(
    now: CanonicalWarehouse,
) -> None:
    assert now.query(
        "select cutoff_number, cutoff_at from intermediate.int_features__cutoffs order by 1"
    ) == [(0, AS_OF), (1, CUTOFFS[0]), (2, CUTOFFS[1])]
