"""Rows of the preference service as a temporary table that follows its files during a run.

Belongs here: reading what is landed and what is not. Does not belong here: what the rows mean
(`late_words.py`, `late_wishes.py`).
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
import pyarrow.json as pj

from orchestration.preferences.journal import SOURCE, Journal
from orchestration.preferences.tail import Tail

_BLOCK = 1 << 24


class LateWordsError(RuntimeError):
    """What recipients said cannot be read; nothing may be sent."""


@dataclass
class LateRows:
    """The temporary table `late_<table>`: text columns, and `occurred_at` (UTC), in one connection.

    It holds the rows of the raw table, whose files may have left landing, and of all files; one
    that is in both is there twice. `journal` None: nothing was written.
    """

    connection: duckdb.DuckDBPyConnection
    journal: Journal | None
    table: str
    columns: tuple[str, ...]
    _tail: Tail | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.journal is not None:
            self._tail = Tail(self.journal, self.table)
        names = ", ".join(f"{name} varchar" for name in self.columns)
        self.connection.execute(
            f"create or replace temp table late_{self.table} ({names}, occurred_at timestamp)"
        )
        raw = f"{SOURCE}__{self.table}"
        found = self.connection.execute(
            "select 1 from duckdb_tables() where schema_name = 'raw' and table_name = ?", [raw]
        ).fetchall()
        if found:
            self.connection.execute(
                f"insert into late_{self.table} select {', '.join(self.columns)}, occurred_at "
                f"from raw.{raw}"
            )

    def read_new(self) -> bool:
        """Add the rows that no earlier look has seen; whether there were any.

        Raises `LateWordsError` where a file cannot be read: then nobody knows who objected.
        """
        waiting: list[bytes] = []
        is_new = False
        try:
            for lines in self._tail.new_lines() if self._tail else ():
                is_new = True
                waiting.append(lines)
                if sum(map(len, waiting)) >= _BLOCK:
                    self._add(b"".join(waiting))
                    waiting.clear()
            if waiting:
                self._add(b"".join(waiting))
        except (OSError, pa.ArrowInvalid, duckdb.DataError) as error:
            raise LateWordsError(
                f"words of recipients in {self.journal and self.journal.folder} cannot be read "
                f"({type(error).__name__}), so nothing is sent; see docs/preferences.md"
            ) from error
        return is_new

    def _add(self, lines: bytes) -> None:
        schema = pa.schema([(name, pa.string()) for name in (*self.columns, "occurred_at")])
        parsing = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
        reading = pj.ReadOptions(use_threads=False, block_size=2 * _BLOCK)
        self.connection.register("late_rows", pj.read_json(io.BytesIO(lines), reading, parsing))
        try:
            self.connection.execute(
                f"insert into late_{self.table} "
                f"select {', '.join(self.columns)}, cast(occurred_at as timestamp) from late_rows"
            )
        finally:
            self.connection.unregister("late_rows")
