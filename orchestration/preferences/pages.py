"""The pages as HTML, in the language of the reader.

Belongs here: templates, the words of `texts.yml`, which language. Does not belong here: HTTP, and
what a form means. The pages need no script, no cookie and nothing from another host.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from orchestration.preferences.choices import PAGE_LANGUAGES, Choices
from orchestration.preferences.form import ANY, Answers
from orchestration.preferences.known import Known
from orchestration.preferences.links import Recipient

_FOLDER = Path(__file__).parent
_TEMPLATES = _FOLDER / "templates"
LANGUAGE_NAMES = {"en": "English", "de": "Deutsch", "fr": "Français", "it": "Italiano",
                  "es": "Español", "nl": "Nederlands", "pt": "Português", "pl": "Polski",
                  "rm": "Rumantsch"}  # fmt: skip


@cache
def texts() -> dict[str, dict[str, str]]:
    """Words by language and key."""
    return yaml.safe_load((_FOLDER / "texts.yml").read_text(encoding="utf-8"))


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
    )


@cache
def _style() -> str:
    return (_TEMPLATES / "style.css").read_text(encoding="utf-8")


def content_policy() -> str:
    """The Content-Security-Policy: nothing but the style that stands in the page itself."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


def choose_language(asked: str | None, accepted: str) -> str:
    """The language of a page: the one asked for, else the best of Accept-Language that there is."""
    if asked in PAGE_LANGUAGES:
        return asked
    told = []
    for position, part in enumerate(accepted.lower().split(",")):
        code, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            weight = 0.0
        if code[:2] in PAGE_LANGUAGES and weight > 0:
            told.append((-weight, position, code[:2]))
    return min(told)[2] if told else PAGE_LANGUAGES[0]


class Pages:
    """The pages of one brand in one language."""

    def __init__(self, choices: Choices, language: str) -> None:
        self._choices = choices
        self.language = language
        self.texts = texts()[language]

    def message(
        self, title: str, text: str, *, link: str | None = None, is_problem: bool = False
    ) -> str:
        """A page that says one thing; `title` and `text` are words of the page."""
        return self._render("message.html", title, message=text, link=link, is_problem=is_problem)

    def problem(self, name: str) -> str:
        """The page for what went wrong: invalid, not_kept or error."""
        return self.message(self.texts[f"{name}_title"], self.texts[name], is_problem=True)

    def unsubscribe(self, recipient: Recipient, link: str, problem: str | None = None) -> str:
        """The page that asks before it ends anything."""
        return self._render(
            "unsubscribe.html",
            self.texts["unsubscribe_title"],
            question=self.say("unsubscribe_question", recipient),
            about=self.say("unsubscribe_purpose", recipient),
            link=link,
            problem=problem,
        )

    def preferences(
        self,
        recipient: Recipient,
        answers: Answers,
        known: Known,
        *,
        message: str | None = None,
        problem: str | None = None,
    ) -> str:
        """The preference page, filled in with `answers`."""
        choices = self._choices
        return self._render(
            "preferences.html",
            self.texts["preferences_title"],
            intro=self.say("preferences_intro", recipient),
            message=message,
            problem=problem,
            answers=answers,
            channels=[
                {
                    "name": name,
                    "label": self._label("channel", name),
                    "is_on": name in answers.channels,
                    "is_closed": name != recipient.channel and known.is_refused(name),
                }
                for name in choices.channels
            ],
            topics=[
                {"name": name, "label": self._topic(name), "is_on": name in answers.topics}
                for name in choices.topics
            ],
            frequencies=[
                {
                    "name": name,
                    "label": self._label("frequency", name),
                    "is_on": name == answers.frequency,
                }
                for name in (ANY, *choices.frequencies)
            ],
            language_options=[
                {"name": code, "label": label, "is_on": code == answers.language}
                for code, label in [
                    ("", self.texts["language_unset"]),
                    *((code, LANGUAGE_NAMES.get(code, code)) for code in choices.languages),
                ]
            ],
        )

    def say(self, key: str, recipient: Recipient) -> str:
        """A text with brand, channel and purpose filled in."""
        return self.texts[key].format(
            brand=self._choices.brand,
            channel=self._label("channel", recipient.channel),
            purpose=self._label("purpose", recipient.purpose),
        )

    def _label(self, kind: str, name: str) -> str:
        return self.texts.get(f"{kind}_{name}") or name.replace("_", " ")

    def _topic(self, name: str) -> str:
        names = self._choices.topics[name]
        return names.get(self.language) or names.get("en") or next(iter(names.values()))

    def _render(self, template: str, title: str, **values: object) -> str:
        return (
            _environment()
            .get_template(template)
            .render(
                language=self.language,
                languages=[(code, LANGUAGE_NAMES[code]) for code in PAGE_LANGUAGES],
                brand=self._choices.brand,
                title=title,
                style=Markup(_style()),
                t=self.texts,
                **values,
            )
        )
