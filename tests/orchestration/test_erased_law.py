"""Laws of emptying rows, for any rows and any tombstones, against a judge of a few lines.

A row is its strongest identifier's. What is erased leaves no cell; a row whose strongest
identifier went with its person keeps its amount alone; everybody else's cells stay as they were;
and a file that is landed, or landed again, gives the same as its rewritten self.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.orchestration.landing_tenant import column
from tests.orchestration.test_gate_erased import key_of, tenant

COLUMNS = [
    column("customer"), column("email"), column("cookie"), column("name"),
    column("amount", "decimal(18,4)", required=True),
]  # fmt: skip
PERSONAL = {
    "identifiers": {"customer": "customer_id", "email": "email", "cookie": "cookie_id"},
    "attributes": ["name"],
    "none": ["amount"],
}
RANK = {"customer": 1, "email": 3, "cookie": 9}
KIND = {"customer": "customer_id", "email": "email", "cookie": "cookie_id"}
VALUES = {
    "customer": ["", "1001", "1002", "1003", "unknown"],
    "email": ["", "a@x.ch", " A@X.ch", "b@x.ch", "test@test.com"],
    "cookie": ["", "c1", "c2"],
}
ROWS = st.lists(st.tuples(*(st.sampled_from(values) for values in VALUES.values())), max_size=6)
ERASED = st.sets(
    st.sampled_from(
        [(name, value) for name, values in VALUES.items()
         for value in values if value and value not in ("unknown", "test@test.com", " A@X.ch")]
    ),
    min_size=1,
)  # fmt: skip


def _judged(row: tuple[str, ...], erased: set[tuple[str, str]], scope: str) -> tuple:
    cells = dict(zip(VALUES, row, strict=True))
    gone = [n for n, value in cells.items() if (n, value.strip().lower()) in erased]
    left = [n for n, value in cells.items()
            if value and n not in gone and value not in ("unknown", "test@test.com")]  # fmt: skip
    if not gone:
        return tuple(value or None for value in (*row, "Ann"))
    strongest = min((RANK[name] for name in left), default=99)
    if not left or (scope == "person" and strongest > min(RANK[name] for name in gone)):
        return (None, None, None, None)
    return (*(None if name in gone or not value else value for name, value in cells.items()), "Ann")


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=ROWS, erased=ERASED, scope=st.sampled_from(["person", "identifier"]))
def test_rows_and_files_hold_what_the_judge_leaves(
    rows: list[tuple[str, ...]], erased: set[tuple[str, str]], scope: str
) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        landing = tenant(
            folder,
            *((KIND[name], value) for name, value in sorted(erased)),
            scope=scope,
            people=(COLUMNS, {}, PERSONAL),
        )
        lines = [",".join((*row, "Ann", str(number))) for number, row in enumerate(rows)]
        text = "\n".join(["customer,email,cookie,name,amount", *lines]) + "\n"
        expected = [(*_judged(row, erased, scope), number) for number, row in enumerate(rows)]
        told = []
        for _ in range(2):  # landed, and landed again
            file = landing.put("people.csv", text)
            report = landing.land()
            assert report.is_conserved
            told.append(file.read_text())
            assert (
                landing.rows(
                    "select customer, email, cookie, name, amount::integer from raw.src__people "
                    "order by _row_number"
                )
                == expected
            )
            kept = [line.split(",") for line in told[-1].splitlines()[1:]]
            assert [tuple(cell or None for cell in line[:4]) for line in kept] == [
                line[:4] for line in expected
            ]
        assert told[0] == told[1]
        assert landing.land().rows_in == 0
    finally:
        shutil.rmtree(folder)


def test_the_keys_here_are_the_keys_of_the_gate(tmp_path: Path) -> None:
    """Without this, tombstones that match nothing would pass for a judge that never judges."""
    landing = tenant(tmp_path, ("email", "a@x.ch"), people=(COLUMNS, {}, PERSONAL))
    landing.put("people.csv", "customer,email,cookie,name,amount\n, A@X.ch,,Ann,1\n")
    landing.land()
    assert landing.rows("select email, name from raw.src__people") == [(None, None)]
    assert landing.rows("select identifier_key from ops.erasures") == [(key_of("email", "a@x.ch"),)]
