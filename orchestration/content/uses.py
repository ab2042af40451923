"""Which syncs send which message, and what their payloads hold, as it is written in files.

Belongs here: reading sync documents and the columns of payload models in dbt's YAML. Does not
belong here: the warehouse; a lint works before anything is built.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

from orchestration.activation import load_destinations, syncs_of
from orchestration.activation.connectors.smtp import SmtpOptions
from orchestration.activation.mapping import FieldMapping
from orchestration.content.lint import Use
from orchestration.settings import DBT_PROJECT_DIR, Paths


def uses_of(paths: Paths) -> list[Use]:
    """The syncs of a tenant whose options name a message.

    Raises `DestinationError` or `SyncDefinitionError` when documents are wrong, `MappingError`
    when a sync maps a column that its model has not.
    """
    destinations = load_destinations(paths)
    columns = _columns([DBT_PROJECT_DIR / "models" / "activation", paths.tenant_folder / "models"])
    found = []
    for definition in syncs_of(paths):
        kind = destinations[definition.destination].type.options
        if kind is not SmtpOptions:
            continue
        options = SmtpOptions.model_validate(definition.options)
        if options.message is not None:
            mapping = FieldMapping.of(
                definition.key, definition.fields, columns.get(definition.model, ())
            )
            found.append(Use(definition.sync, options.message, frozenset(mapping.fields)))
    return found


def _columns(folders: Iterable[Path]) -> dict[str, tuple[str, ...]]:
    """Columns of every model by name."""
    found = {}
    for folder in folders:
        for file in sorted(folder.rglob("*.yml")):
            document = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
            for model in document.get("models", []):
                found[model["name"]] = tuple(column["name"] for column in model.get("columns", []))
    return found
