"""From templates and one recipient's values to a finished mail.

Belongs here: Jinja in a sandbox with strict variables, MJML to HTML, and the rule what a template
may see. Does not belong here: where values come from, headers of mails.

Texts are plain: they are rendered first, and escaped when the MJML template puts them in, as are
all values. A template sees the variables that its message declares, `texts`, `brand`, `footer`,
`links` and `message`, and nothing else of the payload. Errors name fields, never values.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

import mrml
from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from orchestration.content.registry import Message, Registry, Texts, fallback


class RenderError(ValueError):
    """This mail cannot be made for this recipient; `code` is short, the message names fields."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Links:
    """Links for one recipient: end these mails, and the page with all preferences."""

    unsubscribe: str
    preferences: str


@dataclass(frozen=True)
class Rendered:
    """A finished mail and what it is made of; `subject` is one line."""

    subject: str
    preheader: str
    html: str
    text: str
    content_id: str
    content_version: str
    variant: str
    locale: str


@dataclass
class Renderer:
    """Renders the messages of one brand; templates are compiled once."""

    registry: Registry
    _texts: dict[str, Template] = field(default_factory=dict, init=False)
    _versions: dict[tuple[str, str, str], str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(self.registry.folder),
            undefined=StrictUndefined,
            autoescape=lambda name: name is not None and name.endswith(".mjml"),
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(
        self,
        message: Message,
        *,
        variant: str | None,
        locale: str | None,
        values: Mapping[str, object],
        links: Links,
    ) -> Rendered:
        """One mail; `variant` None is the first one, `locale` is what the recipient would like.

        Raises `RenderError`.
        """
        variant = variant or message.variants[0]
        if variant not in message.variants:
            raise RenderError("unknown_variant", f"message {message.name} has no such variant")
        chosen = self.registry.locale_of(message, locale)
        context = self._context(message, variant, chosen, values, links)
        texts = self._rendered_texts(message.texts[chosen][variant], context)
        footer = fallback(self.registry.brand.footer, chosen, self.registry.brand.default_locale)
        context["texts"] = texts
        context["footer"] = self._rendered_texts(self.registry.brand.footer[footer], context)
        folder = f"messages/{message.name}"
        html = _html(self._render(f"{folder}/{variant}.mjml", context))
        return Rendered(
            subject=_one_line("subject", texts["subject"]),
            preheader=_one_line("preheader", texts["preheader"]),
            html=html,
            text=self._render(f"{folder}/{variant}.txt", context).strip() + "\n",
            content_id=message.name,
            content_version=self._version(message, variant, chosen),
            variant=variant,
            locale=chosen,
        )

    def _context(
        self,
        message: Message,
        variant: str,
        locale: str,
        values: Mapping[str, object],
        links: Links,
    ) -> dict[str, object]:
        absent = sorted(set(message.variables) - set(values))
        if absent:
            raise RenderError("missing_variable", f"the payload lacks {', '.join(absent)}")
        empty = sorted(
            name
            for name, variable in message.variables.items()
            if values[name] is None and not variable.optional
        )
        if empty:
            raise RenderError("missing_value", f"no value in {', '.join(empty)}")
        return {
            **{name: values[name] for name in message.variables},
            "brand": self.registry.brand.model_dump(exclude={"footer"}),
            "links": links,
            "message": {"name": message.name, "variant": variant, "locale": locale},
        }

    def _rendered_texts(self, texts: Texts, context: Mapping[str, object]) -> dict[str, str]:
        rendered = {}
        for name, text in texts.items():
            if text not in self._texts:
                try:
                    self._texts[text] = self.environment.from_string(text)
                except TemplateError as error:
                    raise RenderError("render_failed", f"text {name}: {error}") from error
            rendered[name] = _rendered(self._texts[text], f"text {name}", context).strip()
        return rendered

    def _render(self, template: str, context: Mapping[str, object]) -> str:
        try:
            compiled = self.environment.get_template(template)
        except TemplateError as error:
            raise RenderError("render_failed", f"{template}: {error}") from error
        return _rendered(compiled, template, context)

    def _version(self, message: Message, variant: str, locale: str) -> str:
        key = (message.name, variant, locale)
        if key not in self._versions:
            self._versions[key] = self.registry.version_of(message, variant, locale)
        return self._versions[key]


def _rendered(template: Template, name: str, context: Mapping[str, object]) -> str:
    """The template with its values; of a failure only what cannot quote a value is told."""
    try:
        return template.render(context)
    except UndefinedError as error:
        raise RenderError("render_failed", f"{name}: {error}") from error
    except Exception as error:
        raise RenderError("render_failed", f"{name}: {type(error).__name__}") from None


def _html(mjml: str) -> str:
    try:
        return mrml.to_html(mjml).content
    except OSError as error:  # what mrml raises for a document that it cannot read
        raise RenderError("render_failed", f"MJML: {str(error)[:120]}") from None


def _one_line(name: str, text: str) -> str:
    """The text of a header. Line breaks and control characters in it would be another header."""
    if any(unicodedata.category(letter) in {"Cc", "Zl", "Zp", "Cs"} for letter in text):
        raise RenderError("header_injection", f"control characters in {name}")
    return text
