"""Sync documents: what one delivery consists of, read from YAML and validated.

Belongs here: the shape of a sync document, its messages when it is wrong, its mapping tests and the
JSON schema that editors use. Does not belong here: anything that needs the warehouse.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from orchestration.activation.destinations import FILE, Destination, mistakes
from orchestration.activation.mapping import RESERVED_FIELDS, FieldMapping

SCHEMA_FILE = Path(__file__).with_name("sync.schema.json")


class SyncDefinitionError(ValueError):
    """A sync document is wrong; the message names file, key and reason, one per line."""


class Guards(BaseModel):
    """Limits that stop a run before anything is sent, or warn after it."""

    model_config = ConfigDict(extra="forbid")

    max_remove_pct: float = Field(
        default=20, ge=0, le=100, description="most records, in % of those held, one run may remove"
    )
    min_source_rows: int = Field(
        default=1, ge=0, description="fewer rows than this in the model stop the run"
    )
    max_reject_pct: float = Field(
        default=5,
        ge=0,
        le=100,
        description="more records refused by the destination, in % of those handed over, warn",
    )


class OnReject(BaseModel):
    """What happens with records that a destination refuses."""

    model_config = ConfigDict(extra="forbid")

    split_batch: bool = Field(
        default=True, description="split a refused batch until the bad record is alone"
    )
    max_attempts: int = Field(
        default=5, ge=1, description="attempts with unchanged data before a record is parked"
    )
    unknown_after_days: int = Field(
        default=14,
        ge=1,
        le=365,
        description="days after which a row of which nobody knows whether it arrived counts as "
        "delivered (a removal: as not carried out, and is sent again)",
    )


class MappingTest(BaseModel):
    """One row of the model and the record that it must become."""

    model_config = ConfigDict(extra="forbid")

    given: dict[str, Any]
    expect: dict[str, Any]


class SyncDefinition(BaseModel):
    """One sync: a payload model, a destination, and how they are kept equal."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="Crossweave sync")

    sync: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="unique name")
    description: str = Field(default="", description="what the delivery is for")
    model: str = Field(
        pattern=r"^act_[a-z0-9_]+$",
        description="payload model: one row per destination record, with its key and the "
        "identifier_key of the address that is used",
    )
    destination: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$", description="file, or a name of destinations.yml"
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="what this sync tells its connector (docs/activation.md)"
    )
    channel: str | None = Field(
        default=None,
        description="consent channel of the address; needed where the destination implies none",
    )
    mode: Literal["mirror", "upsert", "insert"] = Field(
        description="mirror: add, change, remove; upsert: never remove; insert: only add"
    )
    key: str = Field(
        default="person_id",
        pattern=r"^[a-z][a-z0-9_]*_(id|key)$",
        description="column that identifies a record: an id or a hash, for it is kept in ledgers",
    )
    purpose: str = Field(description="consent purpose, for example marketing")
    is_message: bool | None = Field(
        default=None,
        description="whether frequency caps and quiet hours hold its records back; default: as the "
        "destination says (a mail is a message; an audience, a table or a file is none)",
    )
    identity: Literal["strict", "default", "loose"] = Field(
        default="default",
        description="whom it may reach: strict, persons made by identifiers alone; default and "
        "loose, also those joined by name and address, if likely enough (seed identity_levels)",
    )
    fields: dict[str, str] | None = Field(
        default=None,
        description="destination field: model column; default: every column by its own name "
        "but identifier_key",
    )
    daily: bool = Field(
        default=True, description="part of the daily job; false: only when somebody starts it"
    )
    guards: Guards = Field(default_factory=Guards)
    refresh_after_days: int | None = Field(
        default=None, ge=1, description="re-affirm a record before its membership expires"
    )
    on_reject: OnReject = Field(default_factory=OnReject)
    tests: list[MappingTest] = Field(
        default_factory=list, description="rows of the model and the records they become"
    )

    @model_validator(mode="after")
    def _fields_are_sound(self) -> SyncDefinition:
        if self.fields is not None:
            if self.key not in self.fields.values():
                raise ValueError(f"fields: no field carries the key column {self.key!r}; add it")
            reserved = sorted(RESERVED_FIELDS & set(self.fields))
            if reserved:
                raise ValueError(f"fields: {', '.join(reserved)} is written by the engine; rename")
        return self

    def failed_tests(self) -> list[str]:
        """Run the mapping tests; one message per failure, empty when all pass."""
        failures = []
        for number, test in enumerate(self.tests, start=1):
            mapping = FieldMapping.of(self.key, self.fields, tuple(test.given))
            got = mapping.apply(test.given)
            if got != test.expect:
                failures.append(f"{self.sync}: test {number}: expected {test.expect}, got {got}")
        return failures


ONLY_FILE: Mapping[str, Destination] = {FILE.name: FILE}


def load_syncs(
    folders: Iterable[Path], destinations: Mapping[str, Destination] = ONLY_FILE
) -> list[SyncDefinition]:
    """Read every `*.yml` below the folders (absent folders are fine), in order of the sync's name.

    `destinations`: those that the tenant has (`load_destinations`).
    Raises `SyncDefinitionError` with all mistakes of all documents.
    """
    found: dict[str, tuple[Path, SyncDefinition]] = {}
    wrong: list[str] = []
    files = [file for folder in folders if folder.is_dir() for file in folder.rglob("*.yml")]
    for file in sorted(files):
        try:
            definition = _read(file, destinations)
        except SyncDefinitionError as error:
            wrong.append(str(error))
            continue
        if definition.sync in found:
            first = found[definition.sync][0]
            wrong.append(f"{file}: sync: {definition.sync!r} is already defined in {first}")
        found[definition.sync] = (file, definition)
    if wrong:
        raise SyncDefinitionError("\n".join(wrong))
    return [found[name][1] for name in sorted(found)]


def _read(file: Path, destinations: Mapping[str, Destination]) -> SyncDefinition:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise SyncDefinitionError(f"{file}: not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise SyncDefinitionError(f"{file}: a sync document is a mapping that begins with `sync:`")
    try:
        definition = SyncDefinition.model_validate(content)
    except ValidationError as error:
        raise SyncDefinitionError("\n".join(mistakes(str(file), error))) from error
    if definition.destination not in destinations:
        known = ", ".join(sorted(destinations))
        raise SyncDefinitionError(
            f"{file}: destination: no destination {definition.destination!r}; there are: {known}"
        )
    try:
        destinations[definition.destination].type.options.model_validate(definition.options)
    except ValidationError as error:
        raise SyncDefinitionError("\n".join(mistakes(f"{file}: options", error))) from error
    failures = definition.failed_tests()
    if failures:
        raise SyncDefinitionError("\n".join(f"{file}: tests: {failure}" for failure in failures))
    return definition


def schema_text() -> str:
    """JSON schema of a sync document, as `sync.schema.json` must contain it."""
    return json.dumps(SyncDefinition.model_json_schema(), indent=2, sort_keys=True) + "\n"
