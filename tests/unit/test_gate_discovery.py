"""Which file belongs to which table, and the date that its name carries."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from orchestration.ingestion.discovery import date_in_name, find_files


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("events_2026-01-03.jsonl.gz", datetime(2026, 1, 3, 23, 59, 59)),
        ("events_2026-01-03_late_2026-01-09.jsonl.gz", datetime(2026, 1, 9, 23, 59, 59)),
        ("products_2026-02.csv", datetime(2026, 2, 28, 23, 59, 59)),
        ("products_2028-02.csv", datetime(2028, 2, 29, 23, 59, 59)),
        ("events_20260103.csv", datetime(2026, 1, 3, 23, 59, 59)),
        ("events/2026-01-03/part-0.parquet", datetime(2026, 1, 3, 23, 59, 59)),
        ("events_2026-01-03T11.csv", datetime(2026, 1, 3, 23, 59, 59)),
        ("events_2026-02-30.csv", None),
        ("events_20261301.csv", None),
        ("events_120260103.csv", None),
        ("events.csv", None),
    ],
)
def test_the_last_date_of_a_name_counts_to_its_last_second(name: str, expected: object) -> None:
    assert date_in_name(name) == expected


def test_the_longest_table_name_wins_and_strangers_are_named(tmp_path: Path) -> None:
    names = [
        "order.csv",
        "order_2026-01-01.csv",
        "order_lines_2026-01-01.csv.gz",
        "order/x.JSONL",
        "order/2026/y.parquet",
        "orders.csv",
        "order_1.txt",
        "order_2.csv.zip",
        ".hidden.csv",
        ".tmp/order.csv",
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    files, strangers = find_files(tmp_path, ["order", "order_lines"])
    assert [(file.table, file.name, file.format, file.is_gzip) for file in files] == [
        ("order", "order.csv", "csv", False),
        ("order", "order/2026/y.parquet", "parquet", False),
        ("order", "order/x.JSONL", "jsonl", False),
        ("order", "order_2026-01-01.csv", "csv", False),
        ("order_lines", "order_lines_2026-01-01.csv.gz", "csv", True),
    ]
    assert strangers == ["order_1.txt", "order_2.csv.zip", "orders.csv"]


def test_a_missing_folder_is_no_file(tmp_path: Path) -> None:
    assert find_files(tmp_path / "none", ["order"]) == ([], [])
