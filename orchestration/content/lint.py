"""What is wrong with the content of a brand before anybody gets it.

Belongs here: rules that a finished mail, its templates and the payloads that feed it must keep.
Does not belong here: the shape of the files (`registry.py`).

Every message is rendered in every variant and locale, with its sample values and once more without
the values that are optional.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

from jinja2 import TemplateError, meta

from orchestration.content.registry import RESERVED, Message, Registry
from orchestration.content.rendering import Links, Rendered, Renderer, RenderError

# Gmail shows no more than this of a mail, and so hides the unsubscribe link at its end.
CLIPPED_AT_BYTES = 102_000
# Inboxes show 40 to 70 characters of a subject, and about 110 of the preheader.
LONGEST_SUBJECT = 70
LONGEST_PREHEADER = 110
SAMPLE_LINKS = Links(
    "https://preferences.example.com/unsubscribe/sample",
    "https://preferences.example.com/preferences/sample",
)


@dataclass(frozen=True)
class Finding:
    """One thing to mend (`is_error`) or to know; `where` names message, variant and locale."""

    where: str
    text: str
    is_error: bool = True


@dataclass(frozen=True)
class Use:
    """A sync that sends a message, and the fields of its payload."""

    sync: str
    message: str
    fields: frozenset[str]


def lint(registry: Registry, uses: Sequence[Use]) -> list[Finding]:
    """All findings, by message; `uses` are the syncs that send."""
    renderer = Renderer(registry)
    findings = [
        Finding(f"sync {use.sync}", f"no message {use.message!r}")
        for use in uses
        if use.message not in registry.messages
    ]
    for message in registry.messages.values():
        findings.extend(_variables(renderer, message))
        findings.extend(_payloads(message, uses))
        findings.extend(_locales(registry, message))
        for variant in message.variants:
            for locale in message.locales:
                findings.extend(_mail(renderer, message, variant, locale))
    return findings


def samples(message: Message, *, without_optional: bool = False) -> dict[str, object]:
    """Values that a preview shows."""
    return {
        name: None if without_optional and variable.optional else variable.sample
        for name, variable in message.variables.items()
    }


def _variables(renderer: Renderer, message: Message) -> Iterator[Finding]:
    """Variables that templates and texts use against those that the message declares."""
    used: set[str] = set()
    for variant in message.variants:
        folder = f"messages/{message.name}"
        for template in (f"{folder}/{variant}.mjml", f"{folder}/{variant}.txt"):
            try:
                used |= _used(renderer, template)
            except TemplateError as error:
                yield Finding(template, f"not a template: {error}")
        for locale, texts in message.texts.items():
            for name, text in texts.get(variant, {}).items():
                try:
                    used |= meta.find_undeclared_variables(renderer.environment.parse(text))
                except TemplateError as error:
                    yield Finding(f"{message.name} {variant} {locale}", f"text {name}: {error}")
    for name in sorted(used - RESERVED - set(message.variables)):
        yield Finding(message.name, f"variable {name} is used but not declared in message.yml")
    for name in sorted(set(message.variables) - used):
        yield Finding(message.name, f"variable {name} is declared but never used", is_error=False)


def _used(renderer: Renderer, template: str) -> set[str]:
    """Variables of a template and of those that it extends or includes."""
    loader = renderer.environment.loader
    assert loader is not None
    source = loader.get_source(renderer.environment, template)[0]
    parsed = renderer.environment.parse(source)
    used = set(meta.find_undeclared_variables(parsed))
    for name in meta.find_referenced_templates(parsed):
        if name is not None:
            used |= _used(renderer, name)
    return used


def _payloads(message: Message, uses: Sequence[Use]) -> Iterator[Finding]:
    """Declared variables against the fields of the payloads that feed the message."""
    own = [use for use in uses if use.message == message.name]
    if not own:
        yield Finding(message.name, "no sync sends it", is_error=False)
    for use in own:
        for name in sorted(set(message.variables) - use.fields):
            yield Finding(message.name, f"the payload of sync {use.sync} has no field {name}")


def _locales(registry: Registry, message: Message) -> Iterator[Finding]:
    """Texts of every locale against those of the default locale."""
    default = message.texts[registry.brand.default_locale]
    for locale, by_variant in message.texts.items():
        for variant, texts in by_variant.items():
            where = f"{message.name} {variant} {locale}"
            for name in sorted(set(default[variant]) - set(texts)):
                yield Finding(where, f"text {name} is missing")
            for name in sorted(set(texts) - set(default[variant])):
                yield Finding(where, f"text {name} is not in the default locale", is_error=False)


def _mail(renderer: Renderer, message: Message, variant: str, locale: str) -> Iterator[Finding]:
    where = f"{message.name} {variant} {locale}"
    for without_optional in (False, True):
        values = samples(message, without_optional=without_optional)
        try:
            mail = renderer.render(
                message, variant=variant, locale=locale, values=values, links=SAMPLE_LINKS
            )
        except RenderError as error:
            yield Finding(where, str(error))
            return
        if not without_optional:
            for text in _mistakes(mail, renderer.registry):
                yield Finding(where, text)


def _mistakes(mail: Rendered, registry: Registry) -> Iterator[str]:
    size = len(mail.html.encode())
    if size > CLIPPED_AT_BYTES:
        yield f"{size:,} bytes of HTML; Gmail cuts a mail at {CLIPPED_AT_BYTES:,}"
    if len(mail.subject) > LONGEST_SUBJECT:
        yield f"subject of {len(mail.subject)} characters; inboxes show {LONGEST_SUBJECT}"
    if len(mail.preheader) > LONGEST_PREHEADER:
        yield f"preheader of {len(mail.preheader)} characters; inboxes show {LONGEST_PREHEADER}"
    if "<mj-" in mail.html:
        element = mail.html.partition("<mj-")[2].split(">")[0].split()[0]
        yield f"unknown MJML element mj-{element}"
    page = _Page()
    page.feed(mail.html)
    if SAMPLE_LINKS.unsubscribe not in page.links:
        yield "no unsubscribe link in the HTML part: {{ links.unsubscribe }}"
    if SAMPLE_LINKS.unsubscribe not in mail.text:
        yield "no unsubscribe link in the text part: {{ links.unsubscribe }}"
    for part, text in (("HTML", page.text), ("text", mail.text)):
        if registry.brand.postal_address not in " ".join(text.split()):
            yield f"no postal address in the {part} part: {{{{ brand.postal_address }}}}"
    for link in page.links:
        if not link.startswith(("https://", "mailto:")):
            yield f"link {link[:60]!r} is neither https nor mailto"
    for image in page.images:
        source = image.get("src") or ""
        if source not in registry.brand.images.values():
            yield f"image {source[:60]!r} is not among the images of brand.yml"
        if not (image.get("alt") or "").strip():
            yield f"image {source[:60]!r} has no alt text"


class _Page(HTMLParser):
    """Links, images and visible text of a mail."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.images: list[Mapping[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a":
            self.links.append(values.get("href") or "")
        elif tag == "img":
            self.images.append(values)

    def handle_data(self, data: str) -> None:
        self.text += data
