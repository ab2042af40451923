"""Claims about the declarations of raw tables and staging models; no dbt is started.

A misspelt property is ignored by dbt on DuckDB, so these files are read by the gate's reader and
as plain YAML here.
"""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
import pytest
import yaml

from orchestration.ingestion.declarations import read_declarations
from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT, Paths

STAGING = DBT_PROJECT_DIR / "models" / "staging"
SOURCE_FILES = sorted(STAGING.glob("*/_*__sources.yml"))
MODEL_FILES = sorted(STAGING.glob("*/_*__models.yml"))
TECHNICAL = [("_file_name", "string"), ("_row_number", "bigint")]


def _name(file: Path) -> str:
    return file.parent.name


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
def test_the_gate_and_dbt_read_the_same_raw_tables(file: Path) -> None:
    """The gate refuses misspelt properties, unknown types and keys that are no columns."""
    tables = read_declarations(Paths("demo"), _name(file))
    (source,) = yaml.safe_load(file.read_text(encoding="utf-8"))["sources"]
    assert (source["name"], source["schema"]) == (_name(file), "raw")
    for table, node in zip(tables, source["tables"], strict=True):
        assert table.identifier == f"{source['name']}__{table.name}"
        assert node["description"]
        for column in table.columns:
            where = f"{source['name']}.{table.name}.{column.name}"
            if column.unit != "iso" or column.timezone or column.format:
                assert column.data_type == "timestamp", where
            if column.pattern:
                re.compile(column.pattern)


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


@pytest.mark.parametrize("file", SOURCE_FILES, ids=_name)
def test_every_column_says_whether_it_is_personal(file: Path) -> None:
    """What has no class would be left standing by an erasure, or be taken out of an order."""
    for table in read_declarations(Paths("demo"), _name(file)):
        assert table.unclassified == (), f"{table.source}.{table.name}"
        for column in table.columns:
            if column.name in table.personal.erasable and column.required:
                where = f"{table.source}.{table.name}.{column.name}"
                # '(erased)' stands there, and has to pass the gate when the file is read again
                assert column.data_type in {"string", "json"}, where
                assert (column.pattern, column.allowed) == (None, None), where
            if column.phone:
                assert column.name not in table.personal.none, column.name


def test_identifiers_of_raw_tables_are_those_that_staging_tells_identity() -> None:
    """An identifier that only staging knows would come back to the graph after an erasure."""
    for folder in sorted(path for path in STAGING.glob("*/") if path.name != "canonical"):
        model = folder / f"stg_{folder.name}__identifiers.sql"
        if not model.exists():
            continue
        told = set(re.findall(r"'type': '(\w+)'", model.read_text(encoding="utf-8")))
        tables = read_declarations(Paths("demo"), folder.name)
        declared = {c.type for table in tables for c in table.personal.identifiers if c.type}
        assert told <= declared, folder.name
