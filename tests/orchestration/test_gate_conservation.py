"""Property: rows in = rows loaded + rows quarantined, and no other row is lost or made."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.ingestion import chunks
from tests.orchestration.landing_tenant import LandingTenant, column

COLUMNS = [
    column("id", required=True),
    column("made_at", "timestamp", event_time=True),
    column("status", allowed=["a", "b"]),
    column("amount", "decimal(18,4)", min=0),
]
RULES = [{"sql": "not (status = 'b' and amount > 5)", "reason": "too dear", "column": "amount"}]

# A value and whether a row may have it.
IDS = st.sampled_from([("k1", True), ("k2", True), ("k3", True), (None, False), ("", False)])
TIMES = st.sampled_from(
    [("2026-01-01T00:00:00Z", True), (None, True), ("2027-01-01", False), ("noon", False)]
)
STATUSES = st.sampled_from([("a", True), ("b", True), (None, True), ("c", False)])
AMOUNTS = st.sampled_from(
    [("1", True), ("7.5", True), (None, True), ("-1", False), ("1,5", False), ("x\0", False)]
)
ROWS = st.lists(st.tuples(IDS, TIMES, STATUSES, AMOUNTS), max_size=8)
FORMATS = st.sampled_from(["csv", "csv.gz", "jsonl", "jsonl.gz", "parquet"])
FILES = st.lists(st.tuples(FORMATS, ROWS, st.booleans()), min_size=1, max_size=3)


def content(extension: str, rows: list[tuple[Any, ...]], has_garbage: bool) -> bytes:
    names = [item["name"] for item in COLUMNS]
    values = [[value for value, _ in row] for row in rows]
    if extension == "parquet":
        buffer = io.BytesIO()
        cells = [[row[i] for row in values] for i in range(len(names))]
        types = [pa.string()] * len(names)
        pq.write_table(
            pa.table({n: pa.array(c, t) for n, c, t in zip(names, cells, types, strict=True)}),
            buffer,
        )
        return buffer.getvalue()
    if extension.startswith("csv"):
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(names)
        writer.writerows(values)
        lines = text.getvalue()
        lines += "only,three,fields\r\n" if has_garbage else ""
    else:
        lines = "".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in values)
        lines += '{"cut":\n' if has_garbage else ""
    data = lines.encode()
    return gzip.compress(data) if extension.endswith("gz") else data


def good_rows(rows: list[tuple[Any, ...]]) -> list[int]:
    """The oracle: row numbers that have to load; of one key the last one that is good."""
    last: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        too_dear = row[2][0] == "b" and row[3][0] == "7.5"
        if all(is_good for _, is_good in row) and not too_dear:
            last[row[0][0]] = number
    return sorted(last.values())


@pytest.mark.slow
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(files=FILES, chunk_rows=st.sampled_from([3, 1000]))
def test_every_row_is_loaded_or_quarantined(
    files: list[Any], chunk_rows: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root: Path = tmp_path_factory.mktemp("gate")
    tenant = LandingTenant(root, {"t": (COLUMNS, {"key": ["id"], "rules": RULES})})
    expected = []
    for index, (extension, rows, has_garbage) in enumerate(files):
        name = f"t_{index}_2026-01-0{index + 1}.{extension}"
        tenant.put(name, content(extension, rows, has_garbage))
        expected += [(name, number) for number in good_rows(rows)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "CHUNK_ROWS", chunk_rows)
        report = tenant.land()
    total = sum(
        len(rows) + (has_garbage and extension != "parquet")
        for extension, rows, has_garbage in files
    )
    assert report.rows_in == total == report.rows_loaded + report.rows_quarantined
    assert report.is_conserved
    loaded = tenant.rows("select _file_name, _row_number from raw.src__t order by all")
    assert loaded == sorted(expected)
    bad = tenant.rows("select distinct file_name, row_number from raw.quarantine")
    assert len(bad) == report.rows_quarantined
    assert not set(bad) & set(loaded)
    assert tenant.land().rows_in == 0
