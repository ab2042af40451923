"""Increments equal a full build: for any way of cutting the same files into arrivals, in any order.

A small simulated brand of every channel, with late rows, corrections, duplicates and merges, and
hand-made files for the sharp cases (arrival_rows.py). What one build of all files makes is the law;
every table is compared row by row, internal ones too, except those of `arrivals.NOT_COMPARED`.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.settings import PROJECT_ROOT
from tests.dbt.arrival_rows import HAND_MADE, HEADERS, REPLACED, SOURCE
from tests.dbt.arrivals import Brand, State, compared_tables, csv_bytes, day_of, differences
from tests.tenants import Tenant

pytestmark = pytest.mark.slow

PERSONS, DAYS = "100", "62"
# Enough for every kind of file; each source more costs each of the many builds its part.
SOURCES = ["web", "shop", "pos", "email", "crm", "loyalty", "consent", "marketing"]


def make_brand(root: Path) -> Brand:
    """The demo brand with the hand-made files beside it; nothing has arrived."""
    shipped = PROJECT_ROOT / "data" / "tenants" / "demo" / "tenant.yml"
    settings = yaml.safe_load(shipped.read_text(encoding="utf-8"))
    settings["sources"] = [*SOURCES, "canonical"]
    settings["feature_cutoff_step_days"] = 7  # so that past cutoffs lie within the few days
    size = ("--persons", PERSONS, "--days", DAYS)
    subprocess.run(
        [sys.executable, "-m", "data.simulator", *size, "--out", str(root / "simulated")],
        cwd=PROJECT_ROOT,
        check=True,
        capture_output=True,
    )
    brand = Brand(Tenant(root, "demo"), root / "store", settings)
    for source in SOURCES:
        shutil.copytree(root / "simulated" / "demo" / source, brand.store / source)
    for (table, day), rows in HAND_MADE.items():
        path = brand.store / canonical_name(table, day)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(canonical_file(table, rows))
    return brand


def canonical_name(table: str, day: str) -> str:
    return f"canonical/{table}_{day}.csv"


def canonical_file(table: str, rows: list[tuple[str, ...]]) -> bytes:
    return csv_bytes(HEADERS[table], [(SOURCE, *row) for row in rows])


def replace(brand: Brand) -> None:
    """Lay other content under the names of REPLACED, and cut three files of other sources."""
    for (table, day), rows in REPLACED.items():
        brand.write(canonical_name(table, day), canonical_file(table, rows))
    for source, suffix in (("shop", ".jsonl"), ("pos", ".csv"), ("loyalty", ".csv")):
        name = next(
            file for file in brand.files if file.startswith(source) and file.endswith(suffix)
            and len((brand.store / file).read_bytes().splitlines()) > 3
        )  # fmt: skip
        lines = (brand.store / name).read_bytes().splitlines(keepends=True)
        brand.write(name, b"".join([*lines[:2], *lines[3:]]))


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> Brand:
    """The brand, with one full build of all files kept as `full`."""
    brand = make_brand(tmp_path_factory.mktemp("brand"))
    brand.start()
    brand.arrive(brand.files)
    brand.build()
    brand.keep("full")
    return brand


def assert_equal(brand: Brand, expected: str = "full") -> None:
    found = differences(brand.kept(expected), brand.tenant.paths.warehouse)
    assert not found, "\n\n".join(f"{table}: {what}" for table, what in found.items())


def kill_in_the_middle(brand: Brand) -> None:
    """Start a build in a process of its own, and kill it after some models."""
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration", "dbt", "run"],
        cwd=PROJECT_ROOT,
        env=brand.tenant.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if "OK created sql" in line and "int_identity__records " in line:
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.stdout.read()  # ends when dbt, its child, is gone too
    process.wait()
    assert process.returncode == -signal.SIGKILL, "".join(seen)


def test_the_brand_is_a_test(brand: Brand) -> None:
    """What the law is about is there: many tables with rows, several cutoffs, versions."""
    assert len(compared_tables(brand.kept("full"))) >= 80
    [(cutoffs,)] = brand.query("select count(*) from intermediate.int_features__cutoffs")
    assert cutoffs >= 3
    for contract in ("orders", "touchpoints", "costs", "products"):
        superseded = f"intermediate.int_contracts__{contract} where superseded_at is not null"
        assert brand.query(f"select count(*) from {superseded}") > [(0,)]


def test_day_after_day_with_accidents(brand: Brand) -> None:
    """The last four days one by one; between them builds of a part, and one that is killed."""
    days = sorted({day_of(name) for name in brand.files})[-4:]
    brand.start()
    brand.arrive(name for name in brand.files if day_of(name) < days[0])
    brand.build()
    before = brand.states()
    arrivals = {day: [name for name in brand.files if day_of(name) == day] for day in days}
    brand.arrive(arrivals[days[0]])
    brand.build()
    brand.arrive(arrivals[days[1]])
    brand.build("int_contracts__touchpoints", "int_contracts__orders+1", "int_identity__records+1")
    brand.arrive(arrivals[days[2]])
    kill_in_the_middle(brand)
    brand.build("fct_orders", "int_journeys__touches", "int_identity__set_persons")
    brand.arrive(arrivals[days[3]])
    brand.build()
    assert_equal(brand)
    assert_increments(brand, before)


def full_versions(states: dict[str, State]) -> dict[str, int]:
    """Version of the last full build by model."""
    return {name: state.full_version for name, state in states.items()}


def assert_increments(brand: Brand, before: dict[str, State]) -> None:
    """No model was built in full since `before`; the last build touched little, but something."""
    after = brand.states()
    assert full_versions(after) == full_versions(before)
    for name in ("int_contracts__touchpoints", "int_contracts__orders", "int_identity__records"):
        _, touched, written = after[name]
        [(rows,)] = brand.query(f"select count(*) from intermediate.{name}")
        assert touched > 0, name
        assert 0 < written < rows / 3, (name, touched, written, rows)


@pytest.mark.parametrize("seed", [1, 2])
def test_any_cut_in_any_order(brand: Brand, seed: int) -> None:
    """Three arrivals of random files; the newest file comes with the first."""
    generator = random.Random(seed)
    newest, rest = brand.files[-1], brand.files[:-1]
    generator.shuffle(rest)
    first, second = sorted(generator.sample(range(1, len(rest)), 2))
    brand.start()
    brand.arrive([newest, *rest[:first]])
    brand.build()
    before = brand.states()
    for files in (rest[first:second], rest[second:]):
        brand.arrive(files)
        brand.build()
    assert_equal(brand)
    assert full_versions(brand.states()) == full_versions(before)


def test_replaced_files_and_put_back(brand: Brand) -> None:
    """Rows of the former content leave no ghosts; the former content again is the former result."""
    brand.start()
    brand.lay(brand.files)
    replace(brand)
    brand.arrive()
    brand.build()
    brand.keep("replaced")
    brand.start("full", brand.files)
    before = brand.states()
    replace(brand)
    brand.arrive()
    brand.build()
    assert_equal(brand, "replaced")
    brand.arrive(brand.files)
    brand.build()
    assert_equal(brand)
    assert_increments(brand, before)


def test_as_of_moves(brand: Brand) -> None:
    """as_of three weeks back, then on in two steps, the last by a day without facts."""
    brand.start("full", brand.files)
    brand.set(as_of="2026-06-09")
    brand.arrive()
    brand.build()
    before = brand.states()
    brand.set(as_of="2026-06-21")
    brand.arrive()
    brand.build()
    brand.set()
    brand.arrive()
    brand.build()
    assert_equal(brand)
    assert full_versions(brand.states()) == full_versions(before)


def test_other_rules_and_back(brand: Brand) -> None:
    """Other rules build all anew, at once; the former rules give the former result."""
    rules = {
        "session_gap_minutes": 5,
        "overrides": {"identifier_types": [{"identifier_type": "email", "hub_limit": 1}]},
    }
    brand.start()
    brand.set(**rules)
    brand.arrive(brand.files)
    brand.build()
    brand.keep("other_rules")
    brand.start("full", brand.files)
    brand.set(**rules)
    brand.arrive()
    brand.build()
    assert_equal(brand, "other_rules")
    assert differences(brand.kept("full"), brand.kept("other_rules"))
    brand.set()
    brand.arrive()
    brand.build()
    assert_equal(brand)


def test_links_of_the_probabilistic_pass_hold_while_days_arrive(brand: Brand) -> None:
    """Links stand for days between two passes: also of contacts that came, changed or left since.

    Their ends are touched by every increment; without that a link was gone when one of its two
    contacts was built again without the other.
    """

    def link(pairs: list[tuple]) -> None:
        with duckdb.connect(str(brand.tenant.paths.warehouse)) as connection:
            connection.executemany(
                "insert into ops.probabilistic_links values "
                "(?, ?, 0.97, 'by hand', timestamp '2000-01-01', timestamp '2000-01-01')",
                pairs,
            )

    brand.start("full", brand.files)
    pairs = brand.query(
        """
        with contacts as (
            select identifier_key, row_number() over (order by identifier_key) as place
            from pii.identifiers where identifier_type = 'crm_contact_id' and person_id is not null
        )
        select one.identifier_key, other.identifier_key
        from contacts as one inner join contacts as other on other.place = one.place + 1
        where one.place % 2 = 1 limit 20
        """
    )
    assert len(pairs) == 20
    link(pairs)
    brand.build()
    brand.keep("linked")
    [(joined,)] = brand.query("select count(*) from identity.persons where confidence_score < 1")
    assert joined > 5
    days = sorted({day_of(name) for name in brand.files})[-3:]
    brand.start()
    brand.arrive(name for name in brand.files if day_of(name) < days[0])
    link(pairs)
    brand.build()
    before = brand.states()
    for day in days:
        brand.arrive(name for name in brand.files if day_of(name) == day)
        brand.build()
    after = brand.states()["int_identity__edges"]
    assert after.full_version == before["int_identity__edges"].full_version
    assert_equal(brand, "linked")
