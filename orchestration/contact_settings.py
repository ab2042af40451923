"""How often and when a brand writes to people: the settings `caps` and `quiet_hours` of tenant.yml.

Belongs here: their shape and messages. Does not belong here: keeping them, which the gate does
right before something is sent (`activation/caps.py`, `activation/quiet_hours.py`).
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Purpose = Literal[
    "all", "marketing", "personalisation", "ads", "analytics", "profiling", "sale_share", "service"
]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 1_440
_TIME = re.compile(r"(\d{1,2}):([0-5]\d)")


def minute_of_day(text: str) -> int:
    """Minutes since midnight of `HH:MM`, 0 to 1,440 (`24:00`). Raises `ValueError`."""
    match = _TIME.fullmatch(text.strip())
    minute = int(match[1]) * 60 + int(match[2]) if match else DAY_MINUTES + 1
    if minute > DAY_MINUTES:
        raise ValueError(f"{text!r} is no time of day; write it as '22:00'")
    return minute


def _as_text(value: object) -> object:
    """YAML reads 22:00 without quotes as a number of base 60: the minutes."""
    if isinstance(value, int) and 60 <= value <= DAY_MINUTES:
        return f"{value // 60:02d}:{value % 60:02d}"
    return value


def _checked(text: str) -> str:
    minute_of_day(text)
    return text


TimeOfDay = Annotated[str, BeforeValidator(_as_text), AfterValidator(_checked)]


class FrequencyCap(BaseModel):
    """At most so many messages to one person, or to one household, in so many days."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: str = Field(
        default="all", description="counts and limits this channel; all: every channel together"
    )
    purpose: Purpose = Field(
        default="marketing",
        description="counts and limits this purpose; all: every purpose together, service too",
    )
    per: Literal["person", "household"] = "person"
    count: int = Field(ge=1, description="most messages in the window")
    days: int = Field(
        ge=1, le=366, description="days of the window in the person's time zone, today included"
    )

    @property
    def name(self) -> str:
        """How the ledger calls it: `email_marketing_person_7d`."""
        return f"{self.channel}_{self.purpose}_{self.per}_{self.days}d"


class QuietHours(BaseModel):
    """A time of day, in the person's time zone, at which nothing is sent."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    channel: str = Field(default="all", description="channel, or all")
    purpose: Purpose = Field(default="marketing", description="purpose, or all (service too)")
    start: TimeOfDay = Field(alias="from", description="first minute, for example 21:00")
    end: TimeOfDay = Field(
        alias="to", description="first minute after; not later than from: of the next day"
    )
    days: list[Weekday] = Field(
        default_factory=lambda: list(WEEKDAYS),
        min_length=1,
        description="days on which the window begins",
    )
