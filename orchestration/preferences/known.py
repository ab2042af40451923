"""What is known of a recipient, to fill the page in: what was said here, and what was built.

Belongs here: the latest word on each channel and preference. Does not belong here: who may be
contacted (`orchestration/activation/gate.py`).

Words of the journal are kept in memory, by the hash of the address. What other sources said comes
from the serving copy where there is one; without it a channel about which nobody said anything
here is unknown.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.preferences.journal import CONSENTS, PREFERENCES, Journal
from orchestration.preferences.links import Recipient
from orchestration.preferences.tail import Tail
from orchestration.serving.files import DUCKDB_FILE

NOTHING = "none"  # the value of a preference whose boxes were all left empty
_LOG = logging.getLogger(__name__)

_BUILT_WORDS = """
select channel, status, since from core.consent_by_identifier
where identifier_key = $key and purpose = $purpose and channel = $channel
union all
select consent_current.channel, consent_current.status, consent_current.since
from core.consent_current
inner join identity.identifier_person using (person_id)
where
    identifier_person.identifier_key = $key and identifier_person.is_current
    and consent_current.purpose = $purpose and consent_current.channel <> $channel
"""
_BUILT_PREFERENCES = """
select preferences_current.preference, preferences_current.value, preferences_current.since
from core.preferences_current
inner join identity.identifier_person using (person_id)
where identifier_person.identifier_key = $key and identifier_person.is_current
"""


@dataclass(frozen=True)
class Word:
    """A consent status that was said of a channel (or `all`), and when (UTC)."""

    channel: str
    since: datetime
    status: str


@dataclass(frozen=True)
class Known:
    """The words on one purpose, and the latest values of each preference that was told."""

    words: tuple[Word, ...] = ()
    preferences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def is_refused(self, channel: str) -> bool:
        """Whether the last word about a channel was no yes; without a word it is False."""
        words = [word for word in self.words if word.channel in (channel, "all")]
        if not words:
            return False
        return (
            max(words, key=lambda word: (word.since, word.status != "granted")).status != "granted"
        )


@dataclass
class _Said:
    """What was said behind the links of one address: by channel and purpose, by preference."""

    words: dict[tuple[str, str], Word] = field(default_factory=dict)
    preferences: dict[str, tuple[datetime, str, tuple[str, ...]]] = field(default_factory=dict)


class Memory:
    """What is known of every recipient; several threads may ask."""

    def __init__(self, journal: Journal, serving: Path) -> None:
        """`serving` is the link to the serving copy in force; it may be absent."""
        self._consents = Tail(journal, CONSENTS)
        self._preferences = Tail(journal, PREFERENCES)
        self._serving = serving
        self._said: defaultdict[str, _Said] = defaultdict(_Said)
        self._lock = threading.Lock()

    def of(self, recipient: Recipient) -> Known:
        """The latest words of one recipient. Raises `OSError` where the journal cannot be read."""
        words, preferences = self._built(recipient)
        with self._lock:
            self._read_new()
            said = self._said.get(recipient.identifier_key, _Said())
            words += [
                word
                for (_, purpose), word in said.words.items()
                if purpose in (recipient.purpose, "all")
            ]
            for name, (since, _, values) in said.preferences.items():
                if name not in preferences or preferences[name][0] <= since:
                    preferences[name] = (since, values)
        return Known(tuple(words), {name: values for name, (_, values) in preferences.items()})

    def _read_new(self) -> None:
        for block in self._consents.new_lines():
            for row in map(json.loads, block.splitlines()):
                key = (row["channel"], row["purpose"])
                said = self._said[row["identifier_key"]].words
                word = Word(row["channel"], _time(row["occurred_at"]), row["status"])
                if key not in said or said[key].since <= word.since:
                    said[key] = word
        for block in self._preferences.new_lines():
            for row in map(json.loads, block.splitlines()):
                said = self._said[row["identifier_key"]].preferences
                since, name, values = _time(row["occurred_at"]), row["preference"], ()
                if name in said:
                    if said[name][0] > since:
                        continue
                    values = said[name][2] if said[name][1] == row["id"] else ()
                said[name] = (since, row["id"], (*values, row["value"]))

    def _built(
        self, recipient: Recipient
    ) -> tuple[list[Word], dict[str, tuple[datetime, tuple[str, ...]]]]:
        """What the serving copy says; nothing where there is none, or none that can be read."""
        file = (self._serving / DUCKDB_FILE).resolve()  # the version in force now
        if not file.exists():
            return [], {}
        values = {
            "key": recipient.identifier_key,
            "purpose": recipient.purpose,
            "channel": recipient.channel,
        }
        try:
            with duckdb.connect(str(file), read_only=True) as connection:
                words = connection.execute(_BUILT_WORDS, values).fetchall()
                told = connection.execute(_BUILT_PREFERENCES, {"key": values["key"]}).fetchall()
        except duckdb.Error as error:
            _LOG.warning("the serving copy cannot be read (%s)", type(error).__name__)
            return [], {}
        return (
            [Word(channel, since, status) for channel, status, since in words],
            {name: (since, tuple(value.split(","))) for name, value, since in told},
        )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
