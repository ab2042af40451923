"""Source YAML that is wrong says where and what to write instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestration.ingestion.declarations import DeclarationError, read_declarations
from tests.orchestration.landing_tenant import LandingTenant, column


def problem(tmp_path: Path, columns: list[dict[str, Any]], gate: dict[str, Any]) -> str:
    tenant = LandingTenant(tmp_path, {"orders": (columns, gate)})
    tenant.declare()
    with pytest.raises(DeclarationError) as caught:
        read_declarations(tenant.paths, "src")
    return str(caught.value)


def test_defaults_and_options_are_read(tmp_path: Path) -> None:
    columns = [column("id", path="Id", required=True), column("phone", phone=True)]
    tenant = LandingTenant(tmp_path, {"orders": (columns, {"key": ["id"]})})
    tenant.declare()
    (table,) = read_declarations(tenant.paths, "src")
    assert (table.identifier, table.key, table.dialect.delimiter) == ("src__orders", ("id",), ",")
    assert [(c.path, c.required, c.phone) for c in table.columns] == [
        ("Id", True, None),
        ("phone", False, "true"),
    ]


def test_the_fingerprint_changes_with_the_declaration_only(tmp_path: Path) -> None:
    def fingerprint(**gate: Any) -> str:
        tenant = LandingTenant(tmp_path, {"orders": ([column("id", **gate)], {})})
        tenant.declare()
        return read_declarations(tenant.paths, "src")[0].fingerprint

    assert fingerprint() == fingerprint()
    assert fingerprint() != fingerprint(required=True)


@pytest.mark.parametrize(
    ("columns", "gate", "says"),
    [
        ([column("id", requird=True)], {}, "unknown requird; known: allowed"),
        ([column("id", "text")], {}, "data_type 'text' is unknown"),
        ([column("Id")], {}, "snake_case"),
        ([column("id"), column("id")], {}, "declared twice"),
        ([column("id")], {"key": ["no"]}, "names no column 'no'"),
        ([column("id")], {"csv": {"separator": ";"}}, "unknown separator"),
        ([column("id")], {"rules": [{"sql": "true"}]}, "a rule needs sql and reason"),
        ([column("at", "timestamp", unit="ns")], {}, "unit is iso, s, ms or us"),
        ([column("at", "timestamp", timezone="Zurich")], {}, "no IANA time zone"),
        ([column("id", allowed=[True])], {}, "quote yes, no, on and off"),
        ([], {}, "a table needs a name and columns"),
    ],
)
def test_mistakes_are_named(
    tmp_path: Path, columns: list[dict[str, Any]], gate: dict[str, Any], says: str
) -> None:
    message = problem(tmp_path, columns, gate)
    assert says in message
    assert "src.orders" in message


def test_a_source_without_declaration_is_told_where_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"_nowhere__sources\.yml"):
        read_declarations(LandingTenant(tmp_path).paths, "nowhere")


def test_a_source_may_be_declared_once_only(tmp_path: Path) -> None:
    tenant = LandingTenant(tmp_path)
    tenant.declare()
    folder = tenant.paths.tenant_folder / "models" / "staging" / "src"
    copy = (folder / "_src__sources.yml").read_text(encoding="utf-8")
    (folder / "_copy__sources.yml").write_text(copy, encoding="utf-8")
    with pytest.raises(DeclarationError, match="declared twice"):
        read_declarations(tenant.paths, "src")
