"""Where a brand delivers to: `data/tenants/<tenant>/destinations.yml`, validated.

    email:                       # the name that sync documents use
      connector: smtp            # orchestration/activation/connectors/smtp.py
      settings: {host: smtp.example.com, port: 587}

Belongs here: reading that file, and the secrets of a destination from the environment. `file`, the
outbox folder, needs no entry. Does not belong here: what a connector does with its settings.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError

from orchestration.activation.connectors import CONNECTORS
from orchestration.activation.connectors.base import ConnectorSettings, ConnectorType
from orchestration.settings import Paths


class DestinationError(ValueError):
    """A destination is unknown or wrong; the message names file, key and reason, one per line."""


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")

    connector: str
    settings: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True)
class Destination:
    """A configured connector: the name that syncs use, and what it is told once for all of them."""

    name: str
    connector: str
    settings: ConnectorSettings = field(default_factory=ConnectorSettings)

    @property
    def type(self) -> ConnectorType:
        """The connector as it is registered."""
        return CONNECTORS[self.connector]

    def secrets(self) -> dict[str, SecretStr]:
        """Its secrets from the environment.

        Raises `DestinationError` naming the variables that are not set.
        """
        names = (*self.type.secrets, *self.type.optional_secrets)
        found = {name: os.environ.get(self._variable(name)) for name in names}
        missing = [self._variable(name) for name in self.type.secrets if not found[name]]
        if missing:
            raise DestinationError(
                f"destination {self.name}: set {', '.join(missing)} in the environment"
            )
        return {name: SecretStr(value) for name, value in found.items() if value}

    def _variable(self, secret: str) -> str:
        return f"CROSSWEAVE_{self.name}_{secret}".upper()


FILE = Destination(name="file", connector="file")


def load_destinations(paths: Paths) -> Mapping[str, Destination]:
    """The destinations of a tenant by name, `file` among them.

    Raises `DestinationError` with all mistakes of the file.
    """
    file = paths.tenant_folder / "destinations.yml"
    if not file.exists():
        return {FILE.name: FILE}
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        documents = TypeAdapter(dict[str, _Document]).validate_python(content)
    except yaml.YAMLError as error:
        raise DestinationError(f"{file}: not valid YAML: {error}") from error
    except ValidationError as error:
        raise DestinationError("\n".join(mistakes(str(file), error))) from error
    found, wrong = {FILE.name: FILE}, []
    for name, document in documents.items():
        if document.connector not in CONNECTORS:
            known = ", ".join(sorted(CONNECTORS))
            wrong.append(
                f"{file}: {name}.connector: no connector {document.connector!r}; there are: {known}"
            )
            continue
        kind = CONNECTORS[document.connector]
        try:
            settings = kind.settings.model_validate(document.settings)
        except ValidationError as error:
            wrong.extend(mistakes(f"{file}: {name}.settings", error))
            continue
        found[name] = Destination(name, document.connector, settings)
    if wrong:
        raise DestinationError("\n".join(wrong))
    return found


def mistakes(where: str, error: ValidationError) -> list[str]:
    """One line per mistake: where, key, reason."""
    return [
        f"{where}: {'.'.join(str(part) for part in item['loc']) or 'document'}: {item['msg']}"
        for item in error.errors()
    ]
