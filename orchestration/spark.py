"""The dbt project on Spark, in this process: what it needs, the source tables, the dbt calls.

`python -m orchestration.spark` only checks for Java.

Belongs here: checking for Java and pyspark, writing the landed source tables as Parquet, calling
dbt with the target spark. Does not belong here: settings of Spark (`dbt_project/profiles.yml`),
SQL dialects (`dbt_project/macros/`), comparing the engines (`tests/parity/`).
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import duckdb

from orchestration.settings import DBT_PROJECT_DIR, Paths
from orchestration.warehouse import Warehouse

JAVA_VERSION = 17
# Source tables outside the schemas that Python and the landing gate own as a whole.
KEY_TABLES = ("hash_keys", "phone_numbers")
# Source tables that a build itself appends to: one on Spark has its own, and begins them anew.
WRITTEN_BY_BUILDS = ("ops.person_events", "ops.person_redirects", "ops.identifier_history")
# Types of source tables that Spark calls otherwise.
SPARK_TYPES = {"VARCHAR": "string", "JSON": "string", "TIMESTAMP WITH TIME ZONE": "timestamp"}


class SparkMissing(RuntimeError):
    """Java or pyspark is not there; the message says what to install."""


def require_spark() -> None:
    """Raise `SparkMissing` unless Java and pyspark are installed."""
    require_java()
    if importlib.util.find_spec("pyspark") is None:
        raise SparkMissing("pyspark is not installed: make install-spark")


def require_java() -> None:
    """Raise `SparkMissing` unless Java 17 or later is what Spark would start."""
    java = _java()
    advice = (
        f"install Java {JAVA_VERSION} or later (Debian: apt-get install openjdk-17-jre-headless, "
        "macOS: brew install openjdk@17) and set JAVA_HOME if it is not on the PATH"
    )
    if java is None:
        raise SparkMissing(f"Spark needs Java, and there is none: {advice}")
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    version = java_version(told.stderr + told.stdout)
    if version is None or version < JAVA_VERSION:
        raise SparkMissing(f"Spark needs Java {JAVA_VERSION}, {java} is {version}: {advice}")


def _java() -> str | None:
    """The java that Spark's launcher starts: JAVA_HOME's, else the one on the PATH."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")


def java_version(told: str) -> int | None:
    """Major version in what `java -version` prints (17.0.15 is 17, 1.8.0_392 is 8), else None."""
    found = re.search(r'version "(?:1\.)?(\d+)', told)
    return int(found.group(1)) if found else None


def export_sources(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, str]:
    """Write every source table of dbt as Parquet, `<folder>/<schema>/<table>/part.parquet`.

    Replaces the folder as a whole; it holds clear values, so only its owner may read it. Returns
    the columns of each `schema.table` as Spark declares them (told, a table costs no job to infer).
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    rows = connection.execute(
        """select table_schema || '.' || table_name, column_name, data_type
        from information_schema.columns
        where table_catalog = current_database()
            and (table_schema in ('raw', 'ops') or (table_schema = 'pii' and table_name in $keys))
        order by table_schema, table_name, ordinal_position""",
        {"keys": list(KEY_TABLES)},
    ).fetchall()
    columns: dict[str, list[str]] = {}
    for table, column, kind in rows:
        columns.setdefault(table, []).append(f"`{column}` {SPARK_TYPES.get(kind, kind)}")
    for table in columns:
        target = folder / table.replace(".", "/") / "part.parquet"
        target.parent.mkdir(parents=True)
        name = str(target).replace("'", "''")
        rows = f"(from {table} limit 0)" if table in WRITTEN_BY_BUILDS else table
        connection.execute(f"copy {rows} to '{name}' (format parquet)")
    return {table: ", ".join(declared) for table, declared in columns.items()}


def run_dbt_on_spark(paths: Paths, arguments: list[str]) -> int:
    """Export the landed source tables, register them, run one dbt command; returns its exit code.

    One process and one Spark session for all of it: a second session would cost ten seconds. The
    environment of `dbt.export_environment` must be set. Raises `SparkMissing`.
    """
    require_spark()
    # pyspark says so of its pandas functions; here Spark only ever sees SQL
    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
    # Imported here: dbt takes seconds, and only this target runs it in the project's own process.
    from dbt.cli.main import dbtRunner

    folder = paths.spark_warehouse / "sources"
    with Warehouse(paths.warehouse).connect(read_only=True) as connection:
        tables = export_sources(connection, folder)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")  # else Spark warns about the host's name
    os.environ["DBT_TARGET_PATH"] = str(paths.dbt_target / "spark")
    common = ["--project-dir", str(DBT_PROJECT_DIR), "--target", "spark"]
    parsed = dbtRunner().invoke(["parse", "--quiet", *common])
    if not parsed.success:
        return 1
    runner = dbtRunner(manifest=parsed.result)  # ty: ignore[invalid-argument-type]
    told = json.dumps({"folder": str(folder), "tables": tables})
    registered = runner.invoke(
        ["run-operation", "register_source_files", "--args", told, "--quiet", *common]
    )
    return 0 if registered.success and runner.invoke([*arguments, *common]).success else 1


if __name__ == "__main__":
    try:
        require_java()
    except SparkMissing as error:
        sys.exit(str(error))
