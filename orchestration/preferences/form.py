"""From what was sent by the page to rows for landing.

Belongs here: reading the fields of the form, and which of them are words that are new. Does not
belong here: HTTP, files, HTML.

A box that is left empty withdraws, whatever was known before. A box that is ticked grants only on
the channel of the link, where the link proves the address, and only after a refusal: a box that
was ticked when the page came says nothing. On other channels a tick is a wish (`preference`
channel), never a consent.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestration.preferences.choices import Choices
from orchestration.preferences.known import NOTHING, Known
from orchestration.preferences.links import Recipient

TEXT_VERSION = "1"  # of the page's words: raised with any change of what a box means
ANY = "any"
_HOUR = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
Row = dict[str, object]
Fields = Mapping[str, Sequence[str]]


class FormInvalid(ValueError):
    """A field says something that the page does not offer; `field` names it."""

    def __init__(self, field: str) -> None:
        super().__init__(f"field {field} is not as the page offers it")
        self.field = field


@dataclass(frozen=True)
class Answers:
    """What the page shows, or was sent back with; empty text: nothing chosen."""

    channels: tuple[str, ...]
    topics: tuple[str, ...]
    frequency: str
    quiet_from: str
    quiet_to: str
    language: str


def answers_of(known: Known, choices: Choices) -> Answers:
    """The page as it is first shown: what is known, and ticks where nobody refused."""

    def told(name: str) -> tuple[str, ...]:
        return known.preferences.get(name, ())

    quiet = (*told("quiet_hours"), "")[0]
    hours = (
        quiet.split("-") if re.fullmatch(rf"{_HOUR.pattern}-{_HOUR.pattern}", quiet) else ["", ""]
    )
    return Answers(
        channels=tuple(name for name in choices.channels if not known.is_refused(name)),
        topics=tuple(name for name in choices.topics if name in told("topic")),
        frequency=_one_of(told("frequency"), choices.frequencies) or ANY,
        quiet_from=hours[0],
        quiet_to=hours[1],
        language=_one_of(told("language"), choices.languages),
    )


def read_answers(form: Fields, choices: Choices) -> Answers:
    """The fields of the form. Raises `FormInvalid` for what the page does not offer."""

    def one(name: str) -> str:
        return next(iter(form.get(name, ())), "").strip()

    def many(name: str, offered: Sequence[str]) -> tuple[str, ...]:
        told = set(form.get(name, ()))
        if told - set(offered):
            raise FormInvalid(name)
        return tuple(value for value in offered if value in told)

    answers = Answers(
        channels=many("channel", choices.channels),
        topics=many("topic", tuple(choices.topics)),
        frequency=one("frequency") or ANY,
        quiet_from=one("quiet_from"),
        quiet_to=one("quiet_to"),
        language=one("language"),
    )
    if answers.frequency not in (ANY, *choices.frequencies):
        raise FormInvalid("frequency")
    if answers.language not in ("", *choices.languages):
        raise FormInvalid("language")
    hours = (answers.quiet_from, answers.quiet_to)
    if any(hours) and not all(_HOUR.fullmatch(hour) for hour in hours):
        raise FormInvalid("quiet_hours")
    return answers


def consent_row(
    recipient: Recipient,
    identifier_type: str,
    *,
    channel: str,
    status: str,
    method: str,
    at: datetime,
) -> Row:
    """A row of `consent_events`."""
    return {
        "id": uuid.uuid4().hex,
        "occurred_at": _text(at),
        "identifier_type": identifier_type,
        "identifier_key": recipient.identifier_key,
        "channel": channel,
        "purpose": recipient.purpose,
        "status": status,
        "method": method,
        "text_version": TEXT_VERSION,
    }


def consent_rows(
    answers: Answers,
    known: Known,
    recipient: Recipient,
    choices: Choices,
    identifier_type: str,
    at: datetime,
) -> list[Row]:
    """Words on channels: every empty box, and the box of the link's channel after a refusal."""
    said = {name: "withdrawn" for name in choices.channels if name not in answers.channels}
    own = recipient.channel
    if own in answers.channels and known.is_refused(own):
        said[own] = "granted"
    return [
        consent_row(recipient, identifier_type, channel=name, status=status, method="page", at=at)
        for name, status in said.items()
    ]


def preference_rows(
    answers: Answers,
    known: Known,
    recipient: Recipient,
    choices: Choices,
    identifier_type: str,
    at: datetime,
) -> list[Row]:
    """Rows of `preferences`: what differs from what the page showed."""
    before = _statements(answers_of(known, choices))
    rows: list[Row] = []
    for preference, values in _statements(answers).items():
        if values == before[preference]:
            continue
        statement = uuid.uuid4().hex
        rows += [
            {
                "id": statement,
                "position": position,
                "occurred_at": _text(at),
                "identifier_type": identifier_type,
                "identifier_key": recipient.identifier_key,
                "preference": preference,
                "value": value,
            }
            for position, value in enumerate(values, start=1)
        ]
    return rows


def _statements(answers: Answers) -> Mapping[str, tuple[str, ...]]:
    """Values per preference, `none` for explicitly nothing."""
    quiet = f"{answers.quiet_from}-{answers.quiet_to}" if answers.quiet_from else NOTHING
    return {
        "channel": answers.channels or (NOTHING,),
        "topic": answers.topics or (NOTHING,),
        "frequency": (answers.frequency,),
        "quiet_hours": (quiet,),
        "language": (answers.language or NOTHING,),
    }


def _one_of(values: Sequence[str], offered: Sequence[str]) -> str:
    return next((value for value in values if value in offered), "")


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
