"""Files: encodings, accidents, headers that differ, replacing, remembering."""

from __future__ import annotations

import gzip
import io
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.ingestion import chunks, loading, utf8_stream
from orchestration.settings import Source
from tests.orchestration.landing_tenant import NOW, LandingTenant, column

COLUMNS = [column("id", required=True), column("name"), column("n", "integer", optional=True)]


@pytest.fixture
def tenant(tmp_path: Path) -> LandingTenant:
    return LandingTenant(tmp_path, {"t": (COLUMNS, {"key": ["id"]})})


def parquet(**columns: list) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def loaded(tenant: LandingTenant) -> list[tuple]:
    return tenant.rows("select id, name, n from raw.src__t order by id")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_any_line_ending_with_or_without_bom(
    tenant: LandingTenant, newline: str, bom: str, end: str
) -> None:
    text = (
        bom + newline.join(["id,name,n", "00123,Zoë,1", '"b","x,y",']) + end.replace("\n", newline)
    )
    tenant.put("t.csv", text)
    tenant.land()
    assert loaded(tenant) == [("00123", "Zoë", 1), ("b", "x,y", None)]
    assert tenant.rows("select _row_number from raw.src__t order by 1") == [(1,), (2,)]


def test_headers_of_one_table_may_differ(tenant: LandingTenant) -> None:
    tenant.put("t_1.csv", "id,name,n\na,A,1\n")
    tenant.put("t_2.csv", "N,extra column,ID,name\n2,new,b,B\n")
    tenant.put("t_3.csv", "name,id\nC,c\n")
    report = tenant.land()
    assert tenant.rows("select id, name, n, extra_column from raw.src__t order by id") == [
        ("a", "A", 1, None),
        ("b", "B", 2, "new"),
        ("c", "C", None, None),
    ]
    assert report.tables[0].new_columns == ("extra_column",)
    assert report.messages == ("t_2.csv: new columns kept: extra_column",)


def test_a_message_about_a_header_quotes_none_of_it(tenant: LandingTenant) -> None:
    """Of a file without a header the first row was quoted: an address in log and manifest."""
    tenant.put("t.csv", "anna@example.com,Anna,anna@example.com\nb@example.com,Bea,c@example.com\n")
    report = tenant.land()
    assert report.messages == (
        "t.csv has one name for several columns of its header (columns 1, 3)",
    )


def test_a_missing_column_stops_that_file_alone(tenant: LandingTenant) -> None:
    tenant.put("t_1.csv", "name\nA\n")
    tenant.put("t_2.csv", "id;name\na;A\n")
    tenant.put("t_3.csv", "id,name\nc,C\n")
    tenant.put("t_4.parquet", parquet(id=["d"]))
    report = tenant.land()
    assert loaded(tenant) == [("c", "C", None)]
    assert {name: row[0] for name, row in tenant.manifest().items()} == {
        "t_1.csv": "failed",
        "t_2.csv": "failed",
        "t_3.csv": "loaded",
        "t_4.parquet": "failed",
    }
    assert report.messages[0].startswith("t_1.csv has no column id (it has 1 columns")
    assert report.messages[1].startswith("t_2.csv has no column id, name")
    assert report.messages[2].startswith("t_4.parquet has no column name")


def test_broken_files_say_why_and_the_others_go_on(tenant: LandingTenant) -> None:
    good = "id,name\n" + "".join(f"g{i},x\n" for i in range(500))
    tenant.put("t_good.csv", good)
    tenant.put("t_latin1.csv", "id,name\na,ok\nb,Zürich\n".encode("latin-1"))
    tenant.put("t_utf16.csv", "id,name\na,b\n".encode("utf-16"))
    tenant.put("t_latin1.jsonl", '{"id":"Zürich"}\n'.encode("latin-1"))
    tenant.put("t_cut.csv.gz", gzip.compress(good.encode())[:-200])
    tenant.put("t_nogz.csv.gz", good.encode())
    tenant.put("t_cut.jsonl.gz", gzip.compress(b'{"id":"a"}\n' * 500)[:-12])
    tenant.put("t_cut.parquet", parquet(id=["a"] * 99, name=["b"] * 99)[:-50])
    tenant.put("t_text.parquet", "id,name\n")
    tenant.put("t_quote.csv", 'id,name\na,b\nc,"d\ne,f\n')
    tenant.put("t_twice.csv", "id,name,name\na,b,c\n")
    tenant.put("t_empty.csv", "")
    tenant.put("t_empty.jsonl", b"\n\n")
    tenant.put("t_empty.csv.gz", b"")
    tenant.put("t_empty.parquet", b"")
    tenant.put("t_header.csv", "id,name")
    tenant.put("t_header_newline.csv", "id,name\r\n")
    tenant.put(
        "t_rows0.parquet", parquet(id=pa.array([], pa.string()), name=pa.array([], "string"))
    )
    tenant.land()
    assert loaded(tenant) == sorted((f"g{i}", "x", None) for i in range(500))
    messages = dict(
        tenant.rows("select file_name, status || ': ' || message from ops.landing_files")
    )
    expected = {
        "t_latin1.csv": "failed: t_latin1.csv is not UTF-8 (line 3)",
        "t_utf16.csv": "failed: t_utf16.csv is UTF-16",
        "t_latin1.jsonl": "failed: t_latin1.jsonl is not UTF-8 (line 1)",
        "t_cut.csv.gz": "failed: t_cut.csv.gz the gzip ends early or is damaged",
        "t_nogz.csv.gz": "failed: t_nogz.csv.gz the gzip ends early or is damaged",
        "t_cut.jsonl.gz": "failed: t_cut.jsonl.gz the gzip ends early or is damaged",
        "t_cut.parquet": "failed: t_cut.parquet is no whole Parquet file",
        "t_text.parquet": "failed: t_text.parquet is no whole Parquet file",
        "t_quote.csv": "failed: t_quote.csv has a quoted field that is not closed (opened in data "
        "row 2",
        "t_twice.csv": "failed: t_twice.csv has one name for several columns",
        "t_empty.csv": "empty: t_empty.csv is empty",
        "t_empty.jsonl": "empty: t_empty.jsonl is empty",
        "t_empty.csv.gz": "empty: t_empty.csv.gz is empty",
        "t_empty.parquet": "empty: t_empty.parquet is empty",
        "t_header.csv": "empty: t_header.csv has a header and no rows",
        "t_header_newline.csv": "empty: t_header_newline.csv has a header and no rows",
        "t_rows0.parquet": "empty: t_rows0.parquet has a header and no rows",
        "t_good.csv": "loaded: ",
    }
    assert set(messages) == set(expected)
    for name, start in expected.items():
        assert messages[name].startswith(start), messages[name]


def test_row_numbers_around_ragged_rows_in_a_file_of_many_blocks(
    tenant: LandingTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are numbered as they stand in the file, whatever block they are read in."""
    monkeypatch.setattr(utf8_stream, "BLOCK_BYTES", 1000)
    lines = [f"{i},n" if i % 7 else f"{i}" for i in range(1, 1001)]
    tenant.put("t_1.csv", "id,name\n" + "\n".join(lines))
    tenant.put("t_2.csv.gz", "id,name\n" + "\n".join(lines))
    tenant.put("t_3.jsonl", "\n".join(f'{{"id":"{i}"}}' if i % 7 else "?" for i in range(1, 1001)))
    tenant.land()
    for name in ("t_1.csv", "t_2.csv.gz", "t_3.jsonl"):
        assert tenant.rows(
            "select count(*), count(*) filter (where cast(id as bigint) = _row_number) "
            f"from raw.src__t where _file_name = '{name}'"
        ) == [(858, 858)]
        assert tenant.rows(
            "select count(*), bool_and(row_number % 7 = 0) from raw.quarantine "
            f"where file_name = '{name}'"
        ) == [(142, True)]


def test_a_file_that_breaks_after_its_first_block_leaves_nothing(
    tenant: LandingTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first rows were in raw already when the bad byte came."""
    monkeypatch.setattr(utf8_stream, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 50)
    rows = "".join(f"{i},n\n" for i in range(1000)).encode()
    tenant.put("t_1.csv", b"id,name\n" + rows + b"x,\xff\n")
    tenant.put("t_2.csv", b"id,name\n" + rows)
    tenant.land()
    assert tenant.manifest() == {
        "t_1.csv": ("failed", 0, 0, 0),
        "t_2.csv": ("loaded", 1000, 1000, 0),
    }
    assert tenant.rows("select distinct _file_name from raw.src__t") == [("t_2.csv",)]


def test_parquet_types_are_cast_and_row_groups_counted(tmp_path: Path) -> None:
    columns = [
        column("id"),
        column("made_at", "timestamp", event_time=True),
        column("local", "timestamp", timezone="Europe/Zurich"),
        column("ms", "timestamp", unit="ms"),
        column("amount", "decimal(18,4)"),
        column("n", "integer"),
        column("flag", "boolean"),
        column("day", "date"),
        column("items", "json"),
        column("kind"),
    ]
    tenant = LandingTenant(tmp_path, {"t": (columns, {})})
    utc = datetime(2026, 1, 3, 10)
    table = pa.table(
        {
            "id": pa.array([1, 2], pa.int64()),
            "made_at": pa.array([utc, None], pa.timestamp("ns", "Europe/Zurich")),
            "local": pa.array([utc, None], pa.timestamp("us")),
            "ms": pa.array([1767434400000, None], pa.int64()),
            "amount": [1.5, float("nan")],
            "n": pa.array([3.0, None]),
            "flag": ["true", None],
            "day": pa.array([utc.date(), None]),
            "items": [[{"sku": "a"}], None],
            "kind": pa.array(["x", None]).dictionary_encode(),
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer, row_group_size=1)
    tenant.put("t_2026-01-03.parquet", buffer.getvalue())
    tenant.put("t_2026-01-03.parquet.gz", gzip.compress(buffer.getvalue()))
    tenant.land()
    assert tenant.rows(
        "select id, made_at, local, ms, cast(amount as varchar), n, flag, day, items, kind "
        "from raw.src__t where _file_name like '%t'"
    ) == [("1", utc, datetime(2026, 1, 3, 9), utc, "1.5000", 3, True, utc.date(),
           '[{"sku":"a"}]', "x")]  # fmt: skip
    assert tenant.quarantine() == [
        ("t_2026-01-03.parquet", 2, "amount", "cast failed"),
        ("t_2026-01-03.parquet.gz", 2, "amount", "cast failed"),
    ]


def test_the_dialect_of_the_source(tmp_path: Path) -> None:
    gate = {"csv": {"delimiter": ";", "quote": "'", "decimal": ","}}
    tenant = LandingTenant(tmp_path, {"t": ([column("a"), column("b", "decimal(18,4)")], gate)})
    tenant.put("t.csv", "a;b\n'x;y';1,5\n\"z;1.5\n")
    tenant.land()
    assert tenant.rows("select a, cast(b as varchar) from raw.src__t") == [("x;y", "1.5000")]
    assert tenant.quarantine() == [("t.csv", 2, "b", "cast failed")]


def test_landing_again_changes_nothing(tenant: LandingTenant) -> None:
    tenant.put("t_1.csv", "id,name\na,A\nbad\n")
    tenant.put("t_2.csv", b"\xff")
    tenant.land()
    state = (
        "select * from raw.src__t",
        "select * from raw.quarantine",
        "select * from ops.landing_files",
    )
    before = [tenant.rows(sql) for sql in state]
    report = tenant.land(now=datetime(2026, 5, 1))
    assert [tenant.rows(sql) for sql in state] == before
    assert (report.rows_in, report.files_new, report.tables[0].files_seen) == (0, 0, 2)


def test_a_corrected_file_replaces_its_rows_and_its_quarantine(tenant: LandingTenant) -> None:
    tenant.put("t.csv", "id,name\na,A\nbad\n")
    tenant.put("t_other.csv", "id,name\nz,Z\nbad\n")
    tenant.land()
    tenant.put("t.csv", "id,name\nb,B\n")
    report = tenant.land(now=datetime(2026, 5, 1))
    assert loaded(tenant) == [("b", "B", None), ("z", "Z", None)]
    assert tenant.quarantine() == [("t_other.csv", 2, None, "malformed row")]
    assert report.tables[0].files_replaced == 1
    # loaded_at of a file without a date is the time of its first landing, for ever.
    assert tenant.rows("select distinct _loaded_at from raw.src__t") == [(NOW,)]
    assert tenant.rows(
        "select loaded_at, first_landed_at, landed_at from ops.landing_files "
        "where file_name = 't.csv'"
    ) == [(NOW, NOW, datetime(2026, 5, 1))]


def test_a_broken_correction_takes_the_old_rows_out_and_says_so(tenant: LandingTenant) -> None:
    tenant.put("t.csv", "id,name\na,A\n")
    tenant.land()
    tenant.put("t.csv", b"id,name\n\xff\n")
    report = tenant.land()
    assert loaded(tenant) == []
    assert report.messages == (
        "t.csv is not UTF-8 (line 2); export it as UTF-8 and deliver it again; the 1 rows of its "
        "earlier version were taken out",
    )


def test_a_file_that_leaves_landing_stays_loaded(tenant: LandingTenant) -> None:
    path = tenant.put("t.csv", "id,name\na,A\n")
    tenant.land()
    path.unlink()
    assert tenant.land().messages == ()
    assert loaded(tenant) == [("a", "A", None)]


def test_a_changed_declaration_reads_the_files_again(tenant: LandingTenant) -> None:
    tenant.put("t.csv", "id,name,score\na,A,7\nb,B,x\n")
    path = tenant.put("t_gone.csv", "id,name,score\nc,C,9\n")
    tenant.land()
    path.unlink()
    assert tenant.rows("select id, score from raw.src__t order by id") == [
        ("a", "7"),
        ("b", "x"),
        ("c", "9"),
    ]
    tenant.tables["t"] = ([*COLUMNS, column("score", "integer")], {"key": ["id"]})
    report = tenant.land()
    assert report.tables[0].files_reread == 1
    assert tenant.rows("select id, score from raw.src__t order by id") == [("a", 7), ("c", 9)]
    assert tenant.quarantine() == [("t.csv", 2, "score", "cast failed")]


def test_a_warehouse_that_comes_back_from_state_is_filled_again(tenant: LandingTenant) -> None:
    tenant.put("t.csv", "id,name\na,A\nbad\n")
    tenant.put("t_empty.csv", "")
    tenant.land()
    before = tenant.rows("select id, _loaded_at from raw.src__t"), tenant.quarantine()
    with tenant.connection() as connection:
        connection.execute("drop table raw.src__t")
        connection.execute("drop table raw.quarantine")
        connection.execute("update ops.landing_files set status = 'restored'")
    tenant.land(now=datetime(2026, 5, 1))
    assert (tenant.rows("select id, _loaded_at from raw.src__t"), tenant.quarantine()) == before
    assert tenant.manifest() == {"t.csv": ("loaded", 2, 1, 1), "t_empty.csv": ("empty", 0, 0, 0)}


def test_a_crash_in_mid_batch_leaves_nothing_and_the_next_landing_everything(
    tenant: LandingTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant.put("t_1.csv", "id,name\na,A\nbad\n")
    tenant.put("t_2.csv", "id,name,fresh\nb,B,x\n")
    tenant.land()
    before = loaded(tenant), tenant.quarantine(), tenant.manifest()
    tenant.put("t_1.csv", "id,name\nc,C\n")
    tenant.put("t_3.csv", "id,name,other\nd,D,y\n")

    def power_cut(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loading, "balanced_records", power_cut)
        with pytest.raises(KeyboardInterrupt):
            tenant.land()
    assert (loaded(tenant), tenant.quarantine(), tenant.manifest()) == before
    tenant.land()
    assert loaded(tenant) == [("b", "B", None), ("c", "C", None), ("d", "D", None)]
    assert tenant.quarantine() == []


def test_content_that_breaks_a_whole_batch_is_found_and_stops_alone(
    tenant: LandingTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No such content is known; should there be some, it must not stop its neighbours."""
    for number in range(5):
        tenant.put(f"t_{number}.csv", f"id,name\n{number},{'boom' if number == 3 else 'fine'}\n")
    real = loading.type_rows

    def fragile(connection, table, chunk, results):  # type: ignore[no-untyped-def]
        if "boom" in str(chunk.table.to_pydict()):
            raise pa.ArrowInvalid("boom")
        return real(connection, table, chunk, results)

    monkeypatch.setattr(loading, "type_rows", fragile)
    report = tenant.land()
    assert [row[0] for row in loaded(tenant)] == ["0", "1", "2", "4"]
    assert report.messages == ("t_3.csv cannot be read (ArrowInvalid); check the file's format",)


def test_declared_tables_without_files_exist_and_strangers_are_reported(
    tenant: LandingTenant,
) -> None:
    tenant.put("unknown_2026.csv", "a\n1\n")
    report = tenant.land()
    assert tenant.rows("describe raw.src__t") != []
    assert tenant.rows("select * from raw.quarantine") == []
    assert "unknown_2026.csv" in report.messages[0]


def test_formats_of_one_table_may_be_mixed(tenant: LandingTenant) -> None:
    tenant.put("t_1.csv", "id,name,n\na,A,1\n")
    tenant.put("t_2.jsonl", '{"id":"b","n":2}\n')
    tenant.put("t_3.parquet", parquet(id=["c"], name=["C"], n=[3]))
    tenant.put("t_4.parquet", parquet(id=["d"], name=["D"], n=["4"]))
    tenant.land()
    assert loaded(tenant) == [("a", "A", 1), ("b", None, 2), ("c", "C", 3), ("d", "D", 4)]


def test_too_many_undeclared_keys_are_data_not_columns(tenant: LandingTenant) -> None:
    tenant.put("t.csv", "id,name," + ",".join(f"c{i}" for i in range(300)) + "\n")
    keys = ",".join(f'"k{i}":1' for i in range(300))
    tenant.put("t.jsonl", f'{{"id":"a",{keys}}}\n')
    tenant.put("t_good.jsonl", '{"id":"b"}\n')
    report = tenant.land()
    assert loaded(tenant) == [("b", None, None)]
    assert all("undeclared columns, more than 256" in text for text in report.messages)
    assert report.files_failed == 2


def test_sources_are_named_in_settings_with_kind_files(tenant: LandingTenant) -> None:
    assert tenant.source == Source(name="src", kind="files")
