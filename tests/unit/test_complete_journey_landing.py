"""Claims about cutting the package's tables into landing files, on a package of a few rows."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from orchestration.ingestion.complete_journey import labellers, land_table


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    folder.mkdir()
    frames = {
        "transactions": pd.DataFrame(
            {
                "basket_id": [1, 2, 3],
                "transaction_timestamp": [
                    datetime(2017, 1, 15, 12),
                    datetime(2017, 2, 1, 4, 59, 59),  # 23:59:59 on 31 January in New York
                    datetime(2017, 2, 1, 5, 0, 0),  # midnight of 1 February in New York
                ],
            }
        ),
        "campaign_descriptions": pd.DataFrame(
            {"campaign_id": [8, 9], "start_date": [datetime(2016, 11, 14), datetime(2017, 5, 8)]}
        ),
        "campaigns": pd.DataFrame({"campaign_id": [9, 8, 9], "household_id": [1, 1, 2]}),
        "promotions": pd.DataFrame({"product_id": [5, 6, 7], "week": [1, 2, 53]}),
    }
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    return folder


def _land(origin: Path, table: str, folder: Path) -> dict[str, list[int]]:
    landed = land_table(table, labellers(origin)[table], origin, folder)
    assert landed.files == tuple(sorted(folder.glob(f"{table}_*.parquet")))
    return {file.stem: pq.read_table(file).column(0).to_pylist() for file in landed.files}


def test_a_month_ends_in_the_local_time_of_the_stores(origin: Path, tmp_path: Path) -> None:
    assert _land(origin, "transactions", tmp_path / "out") == {
        "transactions_2017-01": [1, 2],
        "transactions_2017-02": [3],
    }


def test_exposures_lie_in_the_month_in_which_their_campaign_starts(
    origin: Path, tmp_path: Path
) -> None:
    assert _land(origin, "campaigns", tmp_path / "out") == {
        "campaigns_2016-11": [8],
        "campaigns_2017-05": [9, 9],
    }


def test_promotions_lie_in_the_month_of_the_monday_of_their_week(
    origin: Path, tmp_path: Path
) -> None:
    assert _land(origin, "promotions", tmp_path / "out") == {
        "promotions_2016-12": [5],  # week 1 starts on Monday 2016-12-26
        "promotions_2017-01": [6],  # week 2: 2017-01-02
        "promotions_2017-12": [7],  # week 53: 2017-12-25
    }


def test_a_second_call_writes_nothing(origin: Path, tmp_path: Path) -> None:
    label = labellers(origin)["transactions"]
    first = land_table("transactions", label, origin, tmp_path)
    times = [file.stat().st_mtime_ns for file in first.files]
    second = land_table("transactions", label, origin, tmp_path)
    assert (first.was_there, second.was_there) == (False, True)
    assert [file.stat().st_mtime_ns for file in second.files] == times
    assert second.row_count == 3


@pytest.mark.parametrize("damage", ["missing", "cut", "other"])
def test_files_that_are_not_whole_are_made_again(origin: Path, tmp_path: Path, damage: str) -> None:
    label = labellers(origin)["transactions"]
    folder = tmp_path / "out"
    file = land_table("transactions", label, origin, folder).files[0]
    whole = file.read_bytes()
    if damage == "missing":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(whole[: len(whole) // 2])
    else:
        pd.DataFrame({"basket_id": [1, 2]}).to_parquet(file)
    assert not land_table("transactions", label, origin, folder).was_there
    assert file.read_bytes() == whole
