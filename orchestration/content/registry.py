"""The content of a brand as it lies in files, read and validated.

    content/brand.yml                      name, sender, colours, postal address, footer
    content/*.mjml                         layouts that messages extend
    content/messages/<message>/message.yml variables, version
    content/messages/<message>/<variant>.mjml and <variant>.txt
    content/messages/<message>/<locale>.yml    texts by variant; `all` holds for every variant

Belongs here: the shapes of these files, which locale stands in for another, and the version that a
delivery is marked with. Does not belong here: templates (`rendering.py`), advice (`lint.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

LOCALE = r"^[a-z]{2,3}(-[A-Z]{2})?$"
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Url = Annotated[str, Field(pattern=r"^https://[^\s\"<>]+$")]
# What templates are given beside the variables of the message.
RESERVED = frozenset({"brand", "texts", "footer", "links", "message"})
NEEDED_TEXTS = ("subject", "preheader")

Texts = Mapping[str, str]


class ContentError(ValueError):
    """Content is missing or wrong; the message names file, key and reason, one per line."""


class Brand(BaseModel):
    """What is the same in every message of a brand."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    sender_name: str = Field(min_length=1, description="what inboxes show as the sender")
    website: Url
    postal_address: str = Field(
        min_length=1, description="shown in every mail: the law asks for it"
    )
    default_locale: str = Field(pattern=LOCALE)
    colours: dict[str, Colour] = Field(default_factory=dict, description="name: #rrggbb")
    images: dict[str, Url] = Field(default_factory=dict, description="name: https URL")
    footer: dict[str, dict[str, str]] = Field(description="words of the footer by locale")


class Variable(BaseModel):
    """A value of the recipient that a message shows: a column of the payload."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sample: str | int | float | bool | None = Field(description="value that previews show")
    optional: bool = Field(default=False, description="templates cope with no value")


class _MessageDocument(BaseModel):
    model_config = ConfigDict(extra="forbid")

    description: str
    version: int = Field(ge=1, description="raise it when the meaning changes")
    variables: dict[str, Variable] = Field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """One message: `texts` by locale and variant, `variants` in order of their names."""

    name: str
    description: str
    version: int
    variables: Mapping[str, Variable]
    variants: tuple[str, ...]
    texts: Mapping[str, Mapping[str, Texts]]
    folder: Path

    @property
    def locales(self) -> tuple[str, ...]:
        """Locales that it is written in, in order."""
        return tuple(sorted(self.texts))


@dataclass(frozen=True)
class Registry:
    """All content of a brand; `folder` is its `content/`."""

    folder: Path
    brand: Brand
    messages: Mapping[str, Message]

    def message(self, name: str) -> Message:
        """A message by its name. Raises `ContentError` with those that there are."""
        if name not in self.messages:
            known = ", ".join(sorted(self.messages)) or "none"
            raise ContentError(f"{self.folder}: no message {name!r}; there are: {known}")
        return self.messages[name]

    def locale_of(self, message: Message, wanted: str | None) -> str:
        """The locale that a recipient gets: de-CH, else de, else the brand's default."""
        return fallback(message.texts, wanted, self.brand.default_locale)

    def version_of(self, message: Message, variant: str, locale: str) -> str:
        """`<version>-<locale>-<hash>` of everything that this rendering is made of."""
        footer = fallback(self.brand.footer, locale, self.brand.default_locale)
        brand = self.brand.model_dump(exclude={"footer"})
        parts = [
            json.dumps([brand, self.brand.footer[footer]], sort_keys=True),
            *(f"{file.name}\n{file.read_text('utf-8')}" for file in layouts(self.folder)),
            (message.folder / f"{variant}.mjml").read_text("utf-8"),
            (message.folder / f"{variant}.txt").read_text("utf-8"),
            json.dumps(message.texts[locale][variant], sort_keys=True),
        ]
        digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
        return f"{message.version}-{locale}-{digest[:12]}"


def layouts(folder: Path) -> list[Path]:
    """Templates that messages share, by name."""
    return sorted(folder.glob("*.mjml"))


def fallback(known: Mapping[str, object], wanted: str | None, default: str) -> str:
    """The first of wanted, its language and the default that is known; case does not matter."""
    by_folded = {name.casefold(): name for name in known}
    folded = (wanted or "").strip().replace("_", "-").casefold()
    for candidate in (folded, folded.split("-")[0]):
        if candidate in by_folded:
            return by_folded[candidate]
    return default


def load_content(tenant_folder: Path) -> Registry:
    """Read the content of a tenant.

    Raises `ContentError` with all mistakes of all files.
    """
    folder = tenant_folder / "content"
    if not (folder / "brand.yml").exists():
        raise ContentError(f"{folder / 'brand.yml'} does not exist: docs/content.md")
    wrong: list[str] = []
    brand = _validated(folder / "brand.yml", Brand, wrong)
    messages = {}
    for file in sorted(folder.glob("messages/*/message.yml")):
        message = _message(file, wrong)
        if message is not None:
            messages[message.name] = message
    if brand is not None:
        wrong.extend(_brand_mistakes(folder / "brand.yml", brand))
        wrong.extend(
            f"{message.folder}: {brand.default_locale}.yml is missing, the brand's default locale"
            for message in messages.values()
            if brand.default_locale not in message.texts
        )
    if wrong or brand is None:
        raise ContentError("\n".join(wrong))
    return Registry(folder, brand, messages)


def _message(file: Path, wrong: list[str]) -> Message | None:
    document = _validated(file, _MessageDocument, wrong)
    if document is None:
        return None
    folder = file.parent
    variants = tuple(sorted(template.stem for template in folder.glob("*.mjml")))
    if not variants:
        wrong.append(f"{folder}: no variant: write a.mjml and a.txt")
    wrong.extend(
        f"{folder / f'{variant}.txt'} is missing: every mail has a text part"
        for variant in variants
        if not (folder / f"{variant}.txt").exists()
    )
    taken = sorted(RESERVED & set(document.variables))
    wrong.extend(f"{file}: variables: {name} is given by the system; rename" for name in taken)
    texts = {}
    for locale_file in sorted(folder.glob("*.yml")):
        if locale_file != file:
            texts[locale_file.stem] = _texts(locale_file, variants, wrong)
    return Message(
        name=folder.name,
        description=document.description,
        version=document.version,
        variables=document.variables,
        variants=variants,
        texts=texts,
        folder=folder,
    )


def _texts(file: Path, variants: tuple[str, ...], wrong: list[str]) -> dict[str, Texts]:
    """Texts of one locale by variant, those of `all` below those of the variant."""
    written = _validated(file, dict[str, dict[str, str]], wrong)
    if written is None:
        return {}
    unknown = sorted(set(written) - {"all", *variants})
    wrong.extend(f"{file}: {name}: no variant of this name" for name in unknown)
    found = {}
    for variant in variants:
        texts = {**written.get("all", {}), **written.get(variant, {})}
        missing = [name for name in NEEDED_TEXTS if not texts.get(name, "").strip()]
        wrong.extend(f"{file}: {variant}: {name} is missing" for name in missing)
        found[variant] = texts
    return found


def _brand_mistakes(file: Path, brand: Brand) -> list[str]:
    if brand.default_locale in brand.footer:
        return []
    return [f"{file}: footer: {brand.default_locale} is missing, the default locale"]


def _validated(file: Path, kind: Any, wrong: list[str]) -> Any:
    try:
        return TypeAdapter(kind).validate_python(yaml.safe_load(file.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        wrong.append(f"{file}: not valid YAML: {error}")
    except ValidationError as error:
        wrong.extend(
            f"{file}: {'.'.join(str(part) for part in item['loc']) or 'document'}: {item['msg']}"
            for item in error.errors()
        )
    return None
