"""A warehouse with hand-made raw canonical tables, for tests of models.

Belongs here: writing typed raw rows of the source `canonical` as the landing gate leaves them, and
running dbt on them. Does not belong here: landing itself, and what a test expects.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb
import phonenumbers
import yaml

from orchestration.ops_tables import ensure_ops_tables
from orchestration.seed_overrides import write_overridden_seeds
from orchestration.settings import DBT_PROJECT_DIR, TenantSettings

SOURCES_FILE = DBT_PROJECT_DIR / "models/staging/canonical/_canonical__sources.yml"
HASH_KEY = "key-of-the-tests"


def declared_columns() -> dict[str, dict[str, str]]:
    """Columns and types of every raw canonical table, from the declaration that the gate reads."""
    tables = yaml.safe_load(SOURCES_FILE.read_text(encoding="utf-8"))["sources"][0]["tables"]
    return {
        table["name"]: {column["name"]: column["data_type"] for column in table["columns"]}
        for table in tables
    }


def e164(raw: str, region: str) -> str | None:
    """E.164 form of a possible number, else None."""
    try:
        number = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@dataclass
class CanonicalWarehouse:
    """Rows of the source canonical, and the DuckDB file under `folder` that they are written to.

    `phone_kinds` gives the kind of a raw phone value where it is not `mobile`; `overrides` are as
    in tenant.yml.
    """

    folder: Path
    as_of: datetime
    rows: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    phone_kinds: Mapping[str, str] = field(default_factory=dict)
    country_code: str = "CH"
    feature_cutoff_count: int = 4
    shared_device_policy: str = "none"
    overrides: dict[str, list[dict[str, object]]] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        return self.folder / "warehouse.duckdb"

    def add(self, table: str, **values: object) -> None:
        """One raw row; columns left out are null."""
        self.rows.setdefault(table, []).append(values)

    def write(self) -> None:
        """Write all raw tables anew, as landing would leave them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(self.path)) as connection:
            for schema in ("raw", "pii", "ops"):
                connection.execute(f"create schema if not exists {schema}")
            ensure_ops_tables(connection)
            for table, columns in declared_columns().items():
                self._write_table(connection, table, columns)
            self._write_settings(connection)
            self._write_keys_and_phones(connection)

    def _write_table(
        self, connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str]
    ) -> None:
        types = dict(columns) | {
            "_file_name": "varchar",
            "_row_number": "bigint",
            "_loaded_at": "timestamp",
        }
        name = f"raw.canonical__{table}"
        declared = ", ".join(
            f"{column} {'varchar' if kind == 'json' else kind}" for column, kind in types.items()
        )
        connection.execute(f"create or replace table {name} ({declared})")
        tuples = []
        for number, row in enumerate(self.rows.get(table, []), start=1):
            unknown = row.keys() - types.keys()
            assert not unknown, f"{table} has no columns {sorted(unknown)}"
            known_at = row.get("loaded_at", row.get("_loaded_at"))
            technical = {
                "_file_name": f"{table}.csv",
                "_row_number": number,
                "_loaded_at": known_at,
            }
            tuples.append([{**technical, **row}.get(column) for column in types])
        _insert(connection, name, tuples)

    def _write_settings(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("delete from ops.settings")
        connection.execute(
            """insert into ops.settings (
                tenant, as_of, timezone, currency, country_code, lookback_days,
                session_gap_minutes, reset_on_conversion, feature_cutoff_count,
                feature_cutoff_step_days, universal_holdout_pct, split_salt, shared_device_policy,
                path_last_touches, path_top_count, path_tree_depth, path_tree_width,
                path_tree_transform, attribution_half_life_days, attribution_min_conversions
            ) values ('mine', ?, 'Europe/Zurich', 'CHF', ?, 30, 30, true, ?, 30, 5, 'salt', ?,
                3, 100, 6, 6, 'exposure', 7, 100)""",
            [
                self.as_of,
                self.country_code,
                self.feature_cutoff_count,
                self.shared_device_policy,
            ],
        )

    def _write_keys_and_phones(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(
            "create or replace table pii.hash_keys as select 1 as key_version, ? as hash_key",
            [HASH_KEY],
        )
        connection.execute(
            "create or replace table pii.phone_numbers"
            " (raw varchar, region varchar, e164 varchar, kind varchar)"
        )
        regions = {self.country_code} | {
            str(row["country_code"]).strip().upper()
            for row in self.rows.get("contacts", [])
            if row.get("country_code")
        }
        raws = {
            str(row["identifier_value"])
            for row in self.rows.get("identifiers", [])
            if row["identifier_type"] in ("phone", "landline")
        }
        numbers = [
            [raw, region, e164(raw, region), self.phone_kinds.get(raw, "mobile")]
            for raw in sorted(raws)
            for region in sorted(regions)
        ]
        _insert(connection, "pii.phone_numbers", numbers)

    def dbt(self, *arguments: str) -> str:
        """Run dbt on the written warehouse; returns its output, fails the test on an error."""
        settings = TenantSettings.model_validate(
            {"sources": ["canonical"], "overrides": self.overrides}
        )
        seeds = self.folder / "seeds"
        overridden = write_overridden_seeds(settings, seeds)
        environment = {
            **os.environ,
            "CROSSWEAVE_SOURCES": "canonical",
            "CROSSWEAVE_OWN_CONTRACTS": "{}",
            "CROSSWEAVE_WAREHOUSE": str(self.path),
            "CROSSWEAVE_SEED_OVERRIDES": str(seeds),
            "CROSSWEAVE_OVERRIDDEN_SEEDS": ",".join(overridden),
            "CROSSWEAVE_TENANT_MODELS": str(self.folder / "no_models"),
            "DBT_PROFILES_DIR": str(DBT_PROJECT_DIR),
            "DBT_TARGET_PATH": str(self.folder.parent / "dbt_target"),
            "DBT_LOG_PATH": str(self.folder.parent / "dbt_logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DBT_USE_COLORS": "false",
            # only tests whose every parent was built
            "DBT_INDIRECT_SELECTION": "cautious",
        }
        result = subprocess.run(
            [sys.executable, "-c", "from dbt.cli.main import cli; cli()", *arguments],
            cwd=DBT_PROJECT_DIR,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def query(self, sql: str) -> list[tuple]:
        """Rows of a query on the warehouse."""
        with duckdb.connect(str(self.path), read_only=True) as connection:
            return connection.execute(sql).fetchall()


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[list[object]]
) -> None:
    """Insert rows; executemany of DuckDB is slow, so many rows go in as one VALUES list."""
    batch = list(rows)
    for start in range(0, len(batch), 500):
        part = batch[start : start + 500]
        holes = ", ".join(f"({', '.join('?' * len(row))})" for row in part)
        connection.execute(
            f"insert into {table} values {holes}", [value for row in part for value in row]
        )
