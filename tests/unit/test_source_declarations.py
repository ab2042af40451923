"""Claims about the declarations of raw tables and staging models; no dbt is started.

A misspelt property is ignored by dbt on DuckDB, so these files are read as plain YAML here.
"""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import available_timezones

import jinja2
import pytest
import yaml

from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT

STAGING = DBT_PROJECT_DIR / "models" / "staging"
SOURCE_FILES = sorted(STAGING.glob("*/_*__sources.yml"))
MODEL_FILES = sorted(STAGING.glob("*/_*__models.yml"))
TABLE_KEYS = {"key", "loaded_at", "csv", "rules"}
COLUMN_KEYS = {
    "path", "required", "optional", "unit", "timezone", "format", "event_time", "phone",
    "allowed", "pattern", "min", "max",
}  # fmt: skip
TYPES = {
    "string", "integer", "bigint", "double", "decimal(18,4)", "boolean", "date", "timestamp",
    "json",
}  # fmt: skip
TECHNICAL = [("_file_name", "string"), ("_row_number", "bigint")]


def _name(file: Path) -> str:
    return file.parent.name


def _gate(node: dict) -> dict:
    return ((node.get("config") or {}).get("meta") or {}).get("gate") or {}


def _returned_by_macro(file: str, macro: str) -> dict:
    """What a macro of one file hands to `return(...)`, rendered by jinja alone."""
    returned: list[dict] = []
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals.update(
        {"return": returned.append, "fromjson": lambda text: {}, "env_var": lambda *names: "{}"}
    )
    text = (DBT_PROJECT_DIR / "macros" / file).read_text(encoding="utf-8")
    module = environment.from_string(text).make_module({"contracts": dict})
    getattr(module, macro)()
    return returned[-1]


@pytest.fixture(scope="module")
def contracts() -> dict[str, dict]:
    return _returned_by_macro("contracts.sql", "contracts")


def test_every_source_of_the_shipped_tenants_is_declared() -> None:
    declared = {_name(file) for file in SOURCE_FILES}
    for tenant in (PROJECT_ROOT / "data" / "tenants").glob("*/tenant.yml"):
        sources = yaml.safe_load(tenant.read_text(encoding="utf-8"))["sources"]
        assert set(sources) <= declared


@pytest.mark.parametrize("file", SOURCE_FILES, ids=_name)
def test_declaration_of_raw_tables(file: Path) -> None:
    (source,) = yaml.safe_load(file.read_text(encoding="utf-8"))["sources"]
    assert source["name"] == _name(file)
    assert source["schema"] == "raw"
    for table in source["tables"]:
        assert table["identifier"] == f"{source['name']}__{table['name']}"
        assert table["description"]
        columns = {column["name"]: column for column in table["columns"]}
        assert len(columns) == len(table["columns"]), "a column stands twice"
        gate = _gate(table)
        assert set(gate) <= TABLE_KEYS
        assert set(gate.get("key", [])) <= set(columns)
        assert {gate.get("loaded_at")} <= {*columns, None}
        for rule in gate.get("rules", []):
            assert set(rule) == {"sql", "reason", "column"}
            assert rule["column"] in columns


@pytest.mark.parametrize("file", SOURCE_FILES, ids=_name)
def test_declaration_of_raw_columns(file: Path) -> None:
    (source,) = yaml.safe_load(file.read_text(encoding="utf-8"))["sources"]
    for table in source["tables"]:
        for column in table["columns"]:
            gate = _gate(column)
            where = f"{source['name']}.{table['name']}.{column['name']}"
            assert set(column) <= {"name", "description", "data_type", "config"}, where
            assert set(gate) <= COLUMN_KEYS, where
            assert column["data_type"] in TYPES, where
            assert re.fullmatch("[a-z][a-z0-9_]*", column["name"]), where
            if {"unit", "timezone", "format"} & set(gate):
                assert column["data_type"] == "timestamp", where
            assert gate.get("unit", "iso") in {"iso", "s", "ms"}, where
            assert gate.get("timezone", "UTC") in available_timezones(), where
            if "pattern" in gate:
                re.compile(gate["pattern"])


@pytest.mark.parametrize("file", MODEL_FILES, ids=_name)
def test_staging_models_have_exactly_the_columns_of_their_contract(
    file: Path, contracts: dict[str, dict]
) -> None:
    for model in yaml.safe_load(file.read_text(encoding="utf-8"))["models"]:
        prefix, contract = model["name"].rsplit("__", 1)
        assert prefix == f"stg_{_name(file)}"
        assert file.with_name(f"{model['name']}.sql").exists()
        assert model["config"]["contract"] == {"enforced": True}
        expected = [(c["name"], c["type"]) for c in contracts[contract]["columns"]]
        found = [(c["name"], c["data_type"]) for c in model["columns"]]
        assert found == expected + TECHNICAL, model["name"]
        assert all(column["description"] for column in model["columns"])


def test_the_map_of_contracts_names_the_staging_models_that_exist() -> None:
    filled = _returned_by_macro("source_contracts.sql", "source_contracts")
    for source, names in filled.items():
        models = {file.stem for file in (STAGING / source).glob("stg_*.sql")}
        if source != "canonical":  # fills every contract there is
            assert models == {f"stg_{source}__{name}" for name in names}
        described = yaml.safe_load((STAGING / source / f"_{source}__models.yml").read_text())
        assert models == {model["name"] for model in described["models"]}
    assert set(filled) == {_name(file) for file in MODEL_FILES}
