"""Asking the serving copy: open read-only, parameters bound, answers kept until the copy changes.

Belongs here: the connection and its cache. A page that is open while a new copy is swapped in reads
the new one with its next question: the version in force is part of every cached answer's key.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import streamlit as st

from orchestration.serving.files import DUCKDB_FILE
from orchestration.settings import current_paths


class NotBuilt(LookupError):
    """The copy has no such table or column (yet); the message names it."""


@dataclass(frozen=True)
class Query:
    """SQL with named parameters (`$name`), and their values."""

    sql: str
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The statement as a person may run it: parameters told above it."""
        told = [f"-- ${name} = {value!r}" for name, value in self.parameters.items()]
        return "\n".join([*told, self.sql.strip()])


@dataclass(frozen=True)
class About:
    """Whose copy it is, and as of when (UTC)."""

    tenant: str
    as_of: datetime
    timezone: str
    currency: str
    exported_at: datetime


def version() -> str | None:
    """The version of the copy in force; None where there is no copy yet."""
    link = current_paths().serving
    return str(link.parent / link.readlink()) if link.is_symlink() else None


def ask(query: Query) -> pd.DataFrame:
    """The rows of a query. Raises `NotBuilt` where the copy lacks a table or column of it."""
    in_force = version()
    if in_force is None:
        raise NotBuilt("there is no serving copy yet")
    try:
        return _answer(in_force, query.sql, json.dumps(query.parameters, default=str))
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        # "Catalog Error: Table with name path_tree does not exist!" -> path_tree does not exist
        told = str(error).splitlines()[0].split(": ", 1)[-1].removeprefix("Table with name ")
        raise NotBuilt(told.rstrip("!")) from None


def about() -> About:
    """The row of `serving.about`."""
    row = ask(Query("select tenant, as_of, timezone, currency, exported_at from serving.about"))
    tenant, as_of, timezone, currency, exported_at = row.iloc[0]
    return About(tenant, as_of.to_pydatetime(), timezone, currency, exported_at.to_pydatetime())


@st.cache_data(max_entries=400, show_spinner=False)
def _answer(in_force: str, sql: str, parameters: str) -> pd.DataFrame:
    cursor = _connection(in_force).cursor()
    return cursor.execute(sql, json.loads(parameters)).df()


@st.cache_resource(max_entries=2, show_spinner=False)
def _connection(in_force: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(Path(in_force) / DUCKDB_FILE), read_only=True)
    connection.execute("set memory_limit = '2GB'")
    connection.execute("set timezone = 'UTC'")
    # what is typed into the page can reach no file, whatever a query says
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection
