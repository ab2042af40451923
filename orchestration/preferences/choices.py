"""What a brand offers on its preference page: `data/tenants/<tenant>/preferences.yml`, validated.

    brand: Alpenrose                     # the name on the page
    channels: [email, sms]               # of the seed `channels`, those with an address
    topics:
      skiing: {en: Skiing, de: Skifahren, fr: Ski}
    frequencies: [daily, weekly, monthly]  # of the seed `contact_frequencies`
    languages: [en, de, fr]

Belongs here: reading that file; without it the page has the channels and frequencies below. Does
not belong here: the words of the page itself (`texts.yml`).
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from orchestration.seed_overrides import seed_text
from orchestration.settings import Paths, TenantSettings, load_tenant

# Addresses that are identifiers of the graph: of these a link can carry the keyed hash.
ADDRESS_TYPES = ("email", "phone", "push_token")
PAGE_LANGUAGES = ("en", "de", "fr")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class ChoicesError(ValueError):
    """preferences.yml is wrong; the message names the file and what to change."""


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")

    brand: str | None = None
    channels: list[str] = Field(default_factory=lambda: ["email", "sms", "push"], min_length=1)
    topics: dict[str, dict[str, str]] = Field(default_factory=dict)
    frequencies: list[str] = Field(default_factory=lambda: ["daily", "weekly", "monthly"])
    languages: list[str] = Field(default_factory=lambda: list(PAGE_LANGUAGES), min_length=1)

    @field_validator("topics")
    @classmethod
    def _topics_are_named(cls, value: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        for topic, names in value.items():
            if not _NAME.fullmatch(topic) or topic == "none":
                raise ValueError(f"topic {topic!r}: lower case letters, digits, - and _; not none")
            if not names:
                raise ValueError(f"topic {topic!r} needs a name in a language, e.g. {{en: Skiing}}")
        return value

    @field_validator("languages")
    @classmethod
    def _languages_are_codes(cls, value: list[str]) -> list[str]:
        for language in value:
            if not re.fullmatch(r"[a-z]{2}", language):
                raise ValueError(f"language {language!r}: two letters (ISO 639-1), as en")
        return value


@dataclass(frozen=True)
class Choices:
    """What the page offers. `address_types`: per addressable channel, what its address is."""

    brand: str
    channels: tuple[str, ...]
    topics: dict[str, dict[str, str]]
    frequencies: tuple[str, ...]
    languages: tuple[str, ...]
    address_types: dict[str, str]

    def with_channel(self, channel: str) -> Choices:
        """The same with a channel of which somebody has a link, listed by the brand or not."""
        if channel in self.channels:
            return self
        return replace(self, channels=(channel, *self.channels))

    def identifier_type(self, channel: str) -> str | None:
        """How landing calls the keyed hash of a channel's address; None: it has none."""
        kind = self.address_types.get(channel)
        return f"{kind}_key" if kind else None


def load_choices(paths: Paths) -> Choices:
    """Read and validate the file of a tenant.

    Raises `ChoicesError`; `SettingsError` where tenant.yml itself is wrong.
    """
    settings = load_tenant(paths)
    file = paths.tenant_folder / "preferences.yml"
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
        document = _Document.model_validate(content or {})
    except yaml.YAMLError as error:
        raise ChoicesError(f"{file}: not valid YAML: {error}") from error
    except ValidationError as error:
        lines = [
            f"  {'.'.join(map(str, item['loc']))}: {item['msg']}"
            for item in error.errors(include_url=False)
        ]
        raise ChoicesError("\n".join([f"{file}:", *lines])) from error
    address_types = {
        row["channel"]: row["address_identifier_type"]
        for row in _seed("channels", settings)
        if row["is_addressable"] == "true" and row["address_identifier_type"] in ADDRESS_TYPES
    }
    known_frequencies = [row["frequency"] for row in _seed("contact_frequencies", settings)]
    for name, told, known in (
        ("channels", document.channels, list(address_types)),
        ("frequencies", document.frequencies, known_frequencies),
    ):
        unknown = [item for item in told if item not in known]
        if unknown:
            raise ChoicesError(
                f"{file}:\n  {name}: no {unknown[0]!r}; there are {', '.join(known)}"
            )
    return Choices(
        brand=document.brand or paths.tenant.replace("_", " ").title(),
        channels=tuple(document.channels),
        topics=document.topics,
        frequencies=tuple(document.frequencies),
        languages=tuple(document.languages),
        address_types=address_types,
    )


def _seed(name: str, settings: TenantSettings) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(seed_text(name, settings))))
