"""Quiet hours and frequency that recipients asked for and the warehouse does not know yet.

Belongs here: putting them in place of the built wishes of `activation_people`, batch by batch. Does
not belong here: what a wish means (`quiet_hours.py`, `caps.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

from orchestration.activation.late_rows import LateRows
from orchestration.preferences.journal import PREFERENCES, Journal

_COLUMNS = ("id", "identifier_key", "preference", "value")

# The latest word of a person, from whatever address, where it is younger than what was built.
_WISHES_SQL = """
create or replace temp table late_wishes as
with

owners as (

    select distinct identifier_key, person_id from core.consent_by_identifier
    where person_id is not null

),

latest as (

    select
        owners.person_id,
        words.preference,
        max_by(words.value, (words.occurred_at, words.id)) as value,
        max(words.occurred_at) as since
    from late_preferences as words
    inner join owners on words.identifier_key = owners.identifier_key
    where words.preference in ('frequency', 'quiet_hours')
    group by owners.person_id, words.preference

)

select latest.person_id, latest.preference, latest.value
from latest
left join core.preferences_current as built
    on latest.person_id = built.person_id and latest.preference = built.preference
where (built.since >= latest.since) is not true
"""

_FREQUENCY_SQL = """
update activation_people
set max_messages = wishes.max_messages, period_days = wishes.period_days
from (
    select late_wishes.person_id, frequencies.max_messages, frequencies.period_days
    from late_wishes
    left join seeds.contact_frequencies as frequencies on late_wishes.value = frequencies.frequency
    where late_wishes.preference = 'frequency'
) as wishes
where activation_people.person_id = wishes.person_id
"""

# The page writes HH:MM-HH:MM, or none.
_QUIET_SQL = """
update activation_people
set quiet_from_minute = wishes.hours[1] * 60 + wishes.hours[2],
    quiet_to_minute = wishes.hours[3] * 60 + wishes.hours[4]
from (
    select
        person_id,
        list_transform(
            regexp_extract_all(value, '[0-9]{2}'), lambda part: cast(part as integer)
        ) as hours
    from late_wishes
    where preference = 'quiet_hours'
) as wishes
where activation_people.person_id = wishes.person_id
"""


@dataclass
class LateWishes:
    """What one run knows of wishes that were written to `journal`; None: nothing was."""

    journal: Journal | None = None
    _rows: LateRows | None = field(default=None, init=False)

    def refresh(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Read what is new and bring `activation_people` up to date; raises `LateWordsError`."""
        rows = self._rows
        is_first = rows is None or rows.connection is not connection
        if rows is None or is_first:
            rows = LateRows(connection, self.journal, PREFERENCES, _COLUMNS)
        if rows.read_new() or is_first:
            connection.execute(_WISHES_SQL)
            connection.execute(_FREQUENCY_SQL)
            connection.execute(_QUIET_SQL)
        self._rows = rows
