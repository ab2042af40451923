"""The simulated brand keeps its promises: same bytes, declared shapes, a truth that adds up."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from data.simulator.behaviour import simulate
from data.simulator.calendar import make_plan
from data.simulator.cli import main
from data.simulator.declarations import Table, read_tables
from data.simulator.draws import Draws
from data.simulator.generate import generate
from data.simulator.settings import CAUSES, CHANNEL, EFFECTS, Arguments
from data.simulator.text import NULL, Clock, column_texts, lines
from data.simulator.world import NEVER, make_world

ARGS = Arguments(persons=200, days=60, noise=3.0)
OUTBOUND = ("email", "sms", "push", "direct_mail")
# JSON paths that the demo brand never fills (nothing decides, no offers on pages, ...).
UNUSED = {
    ("web", "events"): {"event_id", "offer_id", "decision_id"},
    ("app", "events"): {
        "shoe_size", "favourite_sport", "store_no", "offer_id", "decision_id", "referral_code",
    },
    ("email", "events"): {"decision_id"},
    ("push", "events"): {"decision_id"},
    ("surveys", "responses"): {"campaign_id", "content_id"},
    ("experiments", "catalogue"): {"ended_at"},
}  # fmt: skip


def _quiet(share: float, what: str) -> None:
    del share, what


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The landing folder of ARGS, made in one block."""
    folder = tmp_path_factory.mktemp("simulator") / "demo"
    generate(ARGS, folder, _quiet)
    return folder


def _landing(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if "_truth" not in path.parts
    }


def _text(path: Path) -> str:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode()


def _files(folder: Path, table: Table) -> list[Path]:
    found = (folder / table.source).glob(f"{table.name}_*.{table.extension}")
    longer = {"receipts": "receipt_lines"}.get(table.name, "-")
    return sorted(path for path in found if not path.name.startswith(longer))


def _truth(folder: Path, name: str) -> pa.Table:
    return pq.read_table(folder / "_truth" / f"{name}.parquet")


def test_same_arguments_give_same_bytes_whatever_the_block_size(laid: Path, tmp_path: Path) -> None:
    again = tmp_path / "demo"
    generate(ARGS, again, _quiet, block_persons=50)
    assert _landing(again) == _landing(laid)
    for name in ("records", "identifiers", "persons", "orders", "bad_rows", "probabilities"):
        one, other = _truth(laid, name), _truth(again, name)
        keys = [(column, "ascending") for column in one.column_names]
        assert one.sort_by(keys).equals(other.sort_by(keys)), name


def test_every_declared_column_stands_in_the_files(laid: Path) -> None:
    for key, table in read_tables().items():
        files = _files(laid, table)
        assert files, f"no file of {key}"
        if table.is_json:
            rows = [json.loads(line) for path in files for line in _text(path).splitlines()]
            missing = {c.name for c in table.columns if not any(_at(r, c.path) for r in rows)}
            if missing - UNUSED.get(key, set()):
                pytest.fail(f"{key} never fills {sorted(missing - UNUSED.get(key, set()))}")
        else:
            for path in files:
                header = next(csv.reader(_text(path).splitlines(), delimiter=table.delimiter))
                assert header == [column.path for column in table.columns], path.name


def _at(row: dict, path: str) -> bool:
    for part in path.split("."):
        if not isinstance(row, dict) or part not in row:
            return False
        row = row[part]
    return row is not None


def test_rows_in_files_are_true_records_plus_bad_rows(laid: Path) -> None:
    written: Counter = Counter()
    for table in read_tables().values():
        for path in _files(laid, table):
            content = _text(path)
            rows = len(content.splitlines()) - (not table.is_json)
            written[table.source, table.name] += rows
            assert content.endswith("\n")
    listed: Counter = Counter()
    for row in _truth(laid, "files").to_pylist():
        listed[row["source"], row["table_name"]] += row["row_count"]
    assert listed == written
    true = Counter(
        (row["source"], row["table_name"])
        for name in ("records", "bad_rows")
        for row in _truth(laid, name).select(["source", "table_name"]).to_pylist()
    )
    # Lines of receipts belong to the record of their receipt; the brand's own statements and the
    # catalogues belong to nobody.
    records = set(_truth(laid, "records").column("source").to_pylist())
    assert records >= {"web", "pos", "email", "crm", "kiosk", "consent", "offers"}
    with_records = {
        (r["source"], r["table_name"])
        for r in _truth(laid, "records").select(["source", "table_name"]).to_pylist()
    }
    assert {key: true[key] for key in with_records} == {key: written[key] for key in with_records}


def test_bad_rows_are_few_and_of_every_kind(laid: Path) -> None:
    bad = _truth(laid, "bad_rows")
    kinds = set(bad.column("reason").to_pylist())
    assert kinds >= {"duplicate", "missing", "broken date", "future"}
    total = pc.sum(_truth(laid, "files").column("row_count")).as_py()
    assert 0.001 * ARGS.noise < bad.num_rows / total < 0.006 * ARGS.noise


def test_a_clean_brand_has_no_bad_rows_and_no_placeholders(tmp_path: Path) -> None:
    args = Arguments(persons=50, days=20, noise=0.0)
    generate(args, tmp_path / "demo", _quiet)
    assert _truth(tmp_path / "demo", "bad_rows").num_rows == 0
    everything = "".join(
        _text(path)
        for path in (tmp_path / "demo").rglob("*")
        if path.is_file() and path.parent.name != "_truth"
    )
    assert "test@test.com" not in everything
    assert "_late_" not in "".join(_landing(tmp_path / "demo"))


def test_late_files_and_corrected_rows_arrive(laid: Path) -> None:
    assert any("_late_" in name for name in _landing(laid))
    orders = [
        (json.loads(line).get("id"), path.name)
        for path in (laid / "shop").glob("orders_*")
        for line in _text(path).splitlines()
    ]
    files_of: dict[str, set[str]] = {}
    for number, name in orders:
        files_of.setdefault(number, set()).add(name)
    assert any(len(names) > 1 for names in files_of.values())


def test_a_held_out_person_gets_no_message(laid: Path) -> None:
    held = _truth(laid, "persons").filter(pc.field("is_holdout")).column("true_person_id")
    assert len(held) > 0
    records = _truth(laid, "records").filter(pc.field("source").isin(OUTBOUND))
    assert records.num_rows > 0
    assert not set(held.to_pylist()) & set(records.column("true_person_id").to_pylist())


def test_who_has_left_does_nothing_on_the_web(laid: Path) -> None:
    persons = _truth(laid, "persons").to_pylist()
    left = {p["true_person_id"]: date.fromisoformat(p["left_on"]) for p in persons if p["left_on"]}
    assert left
    for row in _truth(laid, "records").filter(pc.field("source") == "app").to_pylist():
        person = row["true_person_id"]
        # A review five days after a purchase may come later; app events may not.
        assert person not in left or row["occurred_at"].date() <= left[person]


def test_one_identifier_may_have_several_owners(laid: Path) -> None:
    """A family tablet is several persons'; placeholders and kiosks are nobody's."""
    seen = _truth(laid, "identifiers").to_pylist()
    owners: dict[tuple[str, str], set[int]] = {}
    for row in seen:
        key = (row["identifier_type"], row["identifier_value"])
        owners.setdefault(key, set()).add(row["true_person_id"])
    shared = {kind for (kind, _), persons in owners.items() if len(persons) > 1}
    assert "cookie_id" in shared
    assert not shared & {"customer_id", "loyalty_id", "crm_contact_id", "email", "push_token"}
    values = {value for _, value in owners}
    assert not values & {"test@test.com", "unknown", "0000000000"}
    assert all(value == value.strip().lower() for kind, value in owners if kind == "email")
    phones = [value for kind, value in owners if kind == "phone"]
    assert all(len(value) == 12 and value.startswith("+417") for value in phones)


@pytest.fixture(scope="module")
def worlds() -> tuple:
    args = Arguments(persons=4000, days=120)
    world = make_world(args, Draws(args.seed), 0, args.persons)
    plan = make_plan(args)
    return world, plan, simulate(world, plan)


@pytest.mark.parametrize("cause", ["email", "paid_social", "offer", "variant_b"])
def test_a_cause_switched_off_costs_about_its_share(worlds: tuple, cause: str) -> None:
    """Same luck, one cause less: fewer purchases, and about as many fewer as the truth says."""
    world, plan, usual = worlds
    without = simulate(world, plan, off=frozenset({cause}))
    added = usual.expected[:, CAUSES.index(cause)].sum()
    lost = len(usual.tables["orders"]["who"]) - len(without.tables["orders"]["who"])
    assert without.expected[:, CAUSES.index(cause)].sum() == 0
    assert added > 0
    assert lost > 0.3 * added
    # Lost visits and needs that stay open change a little more than the cause itself.
    assert lost < 3 * added + 60


def test_expected_purchases_sum_to_what_happened(worlds: tuple) -> None:
    _, _, facts = worlds
    happened = len(facts.tables["orders"]["who"])
    assert facts.expected.sum() == pytest.approx(happened, abs=4 * happened**0.5)
    assert facts.tables["orders"]["shares"].sum(axis=1) == pytest.approx(np.ones(happened))


def test_variant_b_acts_on_those_who_see_it_alone(worlds: tuple) -> None:
    world, _, facts = worlds
    effect = facts.expected[:, CAUSES.index("variant_b")]
    assert effect[~world.is_variant_b].sum() == 0
    assert effect[world.is_variant_b].sum() > 0
    assert facts.expected[world.is_holdout][:, 2 + CHANNEL["email"]].sum() == 0


def test_the_true_probability_ranks_and_is_calibrated(worlds: tuple) -> None:
    world, _, facts = worlds
    orders = facts.tables["orders"]
    cutoff = 90
    near = (orders["day"] >= cutoff) & (orders["day"] < cutoff + 30)
    bought = np.zeros(len(world), dtype=bool)
    bought[orders["who"][near]] = True
    score = facts.probabilities[cutoff]
    order = np.argsort(score, kind="stable")
    rank = np.empty(len(score))
    rank[order] = np.arange(1, len(score) + 1)
    positives = bought.sum()
    area = (rank[bought].sum() - positives * (positives + 1) / 2) / (
        positives * (len(score) - positives)
    )
    assert 0.80 < area < 0.93
    assert score.mean() == pytest.approx(bought.mean(), abs=0.04)


def test_purchases_are_spread_as_in_a_shop(worlds: tuple) -> None:
    world, _, facts = worlds
    per_person = np.bincount(facts.tables["orders"]["who"], minlength=len(world)) * 180 / 120
    assert 0.8 < per_person.mean() < 1.7
    assert 0.30 < (per_person > 0).mean() < 0.50
    assert 0.1 < (facts.left_day < NEVER).mean() < 0.5


def test_a_draw_depends_on_its_ids_alone() -> None:
    draws = Draws(7)
    ids = np.arange(1000)
    assert (draws.uniform("a", ids)[500:] == draws.uniform("a", ids[500:])).all()
    assert abs(draws.uniform("a", ids).mean() - 0.5) < 0.03
    assert abs(np.corrcoef(draws.uniform("a", ids), draws.uniform("b", ids))[0, 1]) < 0.1
    assert (Draws(8).uniform("a", ids) != draws.uniform("a", ids)).all()


def test_local_times_agree_with_the_zone_database() -> None:
    """Both changes of the clock of 2026 lie inside; the oracle is zoneinfo."""
    args = Arguments(days=330, end=date(2026, 12, 20))
    clock = Clock(args)
    moments = args.start_epoch + Draws(1).integers("moment", 330 * 86_400, np.arange(3000))
    zone = ZoneInfo("Europe/Zurich")
    wanted = [datetime.fromtimestamp(m, zone).utcoffset().total_seconds() for m in moments.tolist()]
    assert clock.offset(moments).tolist() == wanted
    table = read_tables()["pos", "receipts"]
    column = next(column for column in table.columns if column.name == "sold_at")
    noon = int(datetime(2026, 7, 1, 10, 0, 5, tzinfo=UTC).timestamp()) * 1000
    assert clock.texts(np.array([noon, NULL]), table, column).to_pylist() == [
        "01.07.2026 12:00:05", None,
    ]  # fmt: skip


def test_rows_survive_quotes_delimiters_and_blanks() -> None:
    tables = read_tables()
    clock = Clock(ARGS)
    nasty = ['say "hi"', "a;b,c", " padded ", None]
    csv_table = tables["call_center", "calls"]
    texts = column_texts(csv_table, {"agent_note": pa.array(nasty)}, 4, clock)
    parsed = list(csv.reader(lines(csv_table, texts).to_pylist()))
    place = [column.name for column in csv_table.columns].index("agent_note")
    assert [row[place] for row in parsed] == ['say "hi"', "a;b,c", " padded ", ""]
    json_table = tables["chat", "conversations"]
    texts = column_texts(json_table, {"comment": pa.array(nasty)}, 4, clock)
    rows = [json.loads(line) for line in lines(json_table, texts).to_pylist()]
    assert [row.get("rating", {}).get("comment") for row in rows] == nasty
    with pytest.raises(KeyError, match="declares no column"):
        column_texts(json_table, {"nonsense": "x"}, 4, clock)


def test_the_command_makes_once_and_leaves_other_sources_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "demo" / "canonical" / "orders.csv"
    own.parent.mkdir(parents=True)
    own.write_text("order_id\n")
    command = ["--persons", "20", "--days", "14", "--out", str(tmp_path)]
    assert main(command) == 0
    assert "rows for 20 persons" in capsys.readouterr().out
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "demo").rglob("*")}
    assert main(command) == 0
    assert "already" in capsys.readouterr().out
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "demo").rglob("*")}
    assert own.read_text() == "order_id\n"
    assert not [path for path in (tmp_path / "demo").rglob("*.csv*") if path.stat().st_mode & 0o077
                and path != own]  # fmt: skip


@pytest.mark.parametrize(
    ("option", "value", "hint"),
    [
        ("--persons", "0", "at least 1"),
        ("--days", "3", "14 to 2000"),
        ("--noise", "-1", "clean"),
    ],
)
def test_wrong_arguments_say_what_to_give(
    option: str, value: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([option, value])
    assert hint in capsys.readouterr().err


def test_effects_of_all_channels_are_declared() -> None:
    assert all(effect > 0 and life > 0 for effect, life in EFFECTS.values())
