"""The truth behind the files, for tests and benchmarks only: Parquet files in `_truth/`.

Belongs here: collecting and writing truth tables (their meaning: README.md).
Does not belong here: anything that a pipeline could read as input.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data.simulator.arrow import pc
from data.simulator.names import BRAND_NUMBER, PLACEHOLDER_EMAILS

_FLUSH_ROWS = 500_000
# Staging builds some record ids with a prefix (one id space per source).
_PREFIX = {
    ("pos", "visits"): "visit:", ("loyalty", "members"): "member:",
    ("loyalty", "points"): "points:", ("consent", "preferences"): "preference:",
    ("shop", "refunds"): "refund:",
}  # fmt: skip
# Raw columns that carry a person's identifier. Kiosk devices and household numbers are nobody's.
_COLUMNS = {
    "cookie_id": (
        "anonymous_id",
        "client_id",
        "visitor_id",
    ),
    "customer_id": (
        "user_id",
        "customer_id",
        "customer_no",
    ),
    "email": (
        "email",
        "form_email",
        "contact_email",
        "receipt_email",
        "typed_email",
    ),
    "phone": (
        "contact_phone",
        "phone_number",
        "phone",
        "mobile",
        "to_number",
        "from_number",
    ),
    "device_id": ("device_id",),
    "push_token": (
        "push_token",
        "token",
    ),
    "payment_token": ("payment_token",),
    "loyalty_id": (
        "loyalty_card_no",
        "card_no",
    ),
    "crm_contact_id": ("contact_id",),
    "social_handle": (
        "handle",
        "instagram",
    ),
}
_IDENTIFIERS = {column: kind for kind, columns in _COLUMNS.items() for column in columns}
_NOBODYS = ("0000000000", BRAND_NUMBER, *PLACEHOLDER_EMAILS)


class Truth:
    """Appends tables to `<folder>/<name>.parquet`; close() writes the rest."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._parts: dict[str, list[pa.Table]] = {}
        self._seen: list[pa.Table] = []
        self._bad: dict[str, list] = {
            name: []
            for name in ("source", "table_name", "file_name", "reason", "column_name", "copy_of")
        }
        self._files: dict[str, list] = {
            name: [] for name in ("source", "table_name", "file_name", "row_count", "byte_count")
        }

    def add(self, name: str, table: pa.Table) -> None:
        """Append rows to truth table `name`; all parts have one schema."""
        parts = self._parts.setdefault(name, [])
        parts.append(table)
        if sum(part.num_rows for part in parts) >= _FLUSH_ROWS:
            self._flush(name)

    def records(
        self, source: str, table: str, ids: pa.Array, person: np.ndarray, at: np.ndarray
    ) -> None:
        """One row per written row (bad rows apart): record id as in staging -> true person."""
        count = len(at)
        if prefix := _PREFIX.get((source, table)):
            ids = pc.binary_join_element_wise(prefix, ids, "")
        self.add(
            "records",
            pa.table({
                "source": pa.repeat(source, count),
                "table_name": pa.repeat(table, count),
                "record_id": ids,
                "true_person_id": pa.array(person, pa.int64(), mask=person < 0),
                "occurred_at": pa.array(at * 1_000_000, pa.timestamp("us")),
            }),
        )  # fmt: skip

    def identifiers(
        self, source: str, table: str, texts: Mapping[str, pa.Array], person: np.ndarray,
        at: np.ndarray,
    ) -> None:  # fmt: skip
        """Note the identifiers that rows of known persons carry, normalised."""
        known = pa.array(person >= 0)
        columns = [
            (column, kind, known) for column, kind in _IDENTIFIERS.items() if column in texts
        ]
        if "subject_type" in texts:  # consent: one column for all types
            types = texts["subject_type"]
            columns += [
                ("subject_value", kind, pc.and_(known, pc.equal(types, kind)))
                for kind in ("email", "phone", "device_id")
            ]
        for column, kind, rows in columns:
            if (source, column) == ("crm", "phone"):
                continue  # a landline: the household's
            values = texts[column]
            keep = pc.and_(pc.is_valid(values), rows)
            keep = pc.and_(keep, pc.invert(pc.is_in(values, pa.array(_NOBODYS))))
            values = _normalised(kind, values.filter(keep))
            if not len(values):
                continue
            seen = pa.table({
                "identifier_value": values,
                "true_person_id": pa.array(person).filter(keep),
                "at": pa.array(at).filter(keep),
            })  # fmt: skip
            self._seen.append(_spans(seen.append_column("last", seen["at"]), kind))

    def flush_identifiers(self) -> None:
        """End of a block: one row per identifier and person, with first and last sight."""
        if not self._seen:
            return
        seen = pa.concat_tables(self._seen)
        self._seen = []
        keys = ["identifier_type", "identifier_value", "true_person_id"]
        spans = seen.group_by(keys, use_threads=False).aggregate([("at", "min"), ("last", "max")])
        spans = spans.sort_by([(key, "ascending") for key in keys])
        stamps = [
            pc.multiply(spans[name], 1_000_000).cast(pa.timestamp("us"))
            for name in ("at_min", "last_max")
        ]
        columns = [spans[key] for key in keys] + stamps
        self.add("identifiers", pa.table(columns, names=[*keys, "first_seen_at", "last_seen_at"]))

    def bad_rows(
        self, source: str, table: str, files: list[str], reasons: list[str], columns: list[str],
        copies: pa.Array,
    ) -> None:  # fmt: skip
        """One row per bad row that was put into a file."""
        self._bad["source"] += [source] * len(files)
        self._bad["table_name"] += [table] * len(files)
        self._bad["file_name"] += files
        self._bad["reason"] += reasons
        self._bad["column_name"] += columns
        self._bad["copy_of"] += copies.to_pylist()

    def file(self, source: str, table: str, name: str, rows: int, size: int) -> None:
        """One row per file written; `rows` counts bad rows too."""
        for column, value in zip(self._files, (source, table, name, rows, size), strict=True):
            self._files[column].append(value)

    def _flush(self, name: str) -> None:
        table = pa.concat_tables(self._parts.pop(name))
        if name not in self._writers:
            self._writers[name] = pq.ParquetWriter(
                self.folder / f"{name}.parquet", table.schema, compression="zstd"
            )
        self._writers[name].write_table(table)

    def close(self) -> None:
        """Write what is left and close all files."""
        text = pa.string()
        self.add("bad_rows", pa.table({k: pa.array(v, text) for k, v in self._bad.items()}))
        self.add(
            "files",
            pa.table({
                k: pa.array(v, pa.int64() if k.endswith("_count") else text)
                for k, v in self._files.items()
            }),
        )  # fmt: skip
        for name in sorted(self._parts):
            self._flush(name)
        for writer in self._writers.values():
            writer.close()


def _normalised(kind: str, values: pa.Array) -> pa.Array:
    if kind == "email":
        return pc.utf8_lower(pc.utf8_trim_whitespace(values))
    if kind == "phone":  # every number of the simulated brand is a Swiss mobile
        digits = pc.replace_substring_regex(values, r"\D", "")
        return pc.binary_join_element_wise("+41", pc.utf8_slice_codeunits(digits, -9), "")
    return values


def _spans(seen: pa.Table, kind: str) -> pa.Table:
    """First and last sight per value and person."""
    keys = ["identifier_value", "true_person_id"]
    spans = seen.group_by(keys, use_threads=False).aggregate([("at", "min"), ("last", "max")])
    spans = spans.rename_columns([*keys, "at", "last"])
    return spans.append_column("identifier_type", pa.repeat(kind, spans.num_rows))
