"""Dagster's event log with its database connections kept open, for runs from the command line.

Dagster's own SQLite event log makes a new SQLAlchemy engine, and opens, syncs and closes the file,
for every single event: 1,500 events of a demo run took 30 s. Here an engine per file lives as long
as the instance, and a commit is left to the operating system (WAL, synchronous=NORMAL: a killed
process loses nothing; a power cut may lose the last events of the log, never the warehouse).

The files are Dagster's own, so the UI reads them with its own storage class.

The base class is imported from where Dagster 1.13.27 (pinned) keeps it: it has no public name, but
`run_connection` and `index_connection` are the methods that a storage class is meant to give.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy
import yaml
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from sqlalchemy.event import listen

BUSY_TIMEOUT_S = 20
CONFIG_FILE = "run.yaml"


class KeptOpenEventLog(SqliteEventLogStorage):
    """The event log of Dagster's default instance, written through engines that stay."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._engines: dict[str, sqlalchemy.Engine] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> KeptOpenEventLog:
        """What Dagster calls to make the class from its configuration."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def run_connection(self, run_id: str | None = None) -> Generator[sqlalchemy.Connection]:
        """A transaction in the file of one run."""
        shard = str(run_id)
        if shard not in self._engines:
            with super().run_connection(run_id):  # makes the file and its tables
                pass
            self._engines[shard] = self._engine(shard)
        with self._engines[shard].begin() as connection:
            yield connection

    @contextmanager
    def index_connection(self) -> Generator[sqlalchemy.Connection]:
        """A transaction in the file of all runs."""
        if "" not in self._engines:
            with super().index_connection():
                pass
            self._engines[""] = self._engine("index")
        with self._engines[""].begin() as connection:
            yield connection

    def dispose(self) -> None:
        """Close the files."""
        super().dispose()
        while self._engines:
            self._engines.popitem()[1].dispose()

    def _engine(self, shard: str) -> sqlalchemy.Engine:
        engine = sqlalchemy.create_engine(
            self.conn_string_for_shard(shard), connect_args={"timeout": BUSY_TIMEOUT_S}
        )
        listen(engine, "connect", _leave_syncing_to_the_system)
        return engine


def _leave_syncing_to_the_system(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("pragma synchronous = normal")


def command_line_instance(home: Path) -> dg.DagsterInstance:
    """The instance of DAGSTER_HOME (configured by its dagster.yaml), with this event log."""
    config = yaml.safe_load((home / "dagster.yaml").read_text(encoding="utf-8"))
    config["event_log_storage"] = {
        "module": KeptOpenEventLog.__module__,
        "class": KeptOpenEventLog.__name__,
        "config": {"base_dir": str(home / "history" / "runs")},
    }
    (home / CONFIG_FILE).write_text(yaml.safe_dump(config), encoding="utf-8")
    return dg.DagsterInstance.from_config(str(home), CONFIG_FILE)
