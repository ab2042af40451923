"""Words of recipients that the warehouse does not know yet: the gate honours them all the same.

Belongs here: whom the words refuse that the preference service has written (not landed, or landed
and not yet built or known at as_of). Does not belong here: reading them (`late_rows.py`), consent
as it was built (`gate.py`).

Words are read when a batch is about to go, so one that is said during a run counts for the next
batch. Where nothing is new that costs a look at the folder. Words only take away: a late grant
makes a later send of its address possible again after a late withdrawal, never without a grant in
the warehouse.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

from orchestration.activation.late_rows import LateRows
from orchestration.preferences.journal import CONSENTS, Journal

_COLUMNS = ("identifier_type", "identifier_key", "channel", "purpose", "status")

# Positions of `batch` that a late word refuses; a part of the gate's query, over its tables.
REFUSED_SQL = """
    select hits.position
    from (
        select
            batch.position, batch.identifier_key, batch.person_id, late_addresses.granted_at,
            greatest(late_addresses.refused_at, late_persons.refused_at) as refused_at
        from batch
        left join late_addresses on batch.identifier_key = late_addresses.identifier_key
        left join late_persons on batch.person_id = late_persons.person_id
        where late_addresses.refused_at is not null or late_persons.refused_at is not null
    ) as hits
    left join purpose_consents as grants
        on hits.identifier_key = grants.identifier_key and hits.person_id = grants.person_id
        and grants.channel = $channel and grants.status = 'granted'
    group by hits.position, hits.refused_at, hits.granted_at
    having
        hits.refused_at
        >= coalesce(greatest(max(grants.since), hits.granted_at), timestamp '-infinity')
"""

_ADDRESSES_SQL = """
create or replace temp table late_addresses as
select
    identifier_key,
    max(occurred_at) filter (where status <> 'granted') as refused_at,
    max(occurred_at) filter (where status = 'granted') as granted_at
from late_consent_events as words
where channel in ($channel, 'all') and purpose in ($purpose, 'all')
group by identifier_key
having refused_at is not null
"""

# What was said of another channel than that of the link, or of all, is said for the whole person.
_PERSONS_SQL = """
create or replace temp table late_persons as
with

refusals as (

    select words.identifier_key, max(words.occurred_at) as refused_at
    from late_consent_events as words
    left join seeds.channels as channels on words.channel = channels.channel
    where
        words.channel in ($channel, 'all')
        and words.purpose in ($purpose, 'all')
        and words.status <> 'granted'
        and (
            words.channel = 'all'
            or words.identifier_type
            is distinct from concat(channels.address_identifier_type, '_key')
        )
    group by words.identifier_key

)

select owners.person_id, max(refusals.refused_at) as refused_at
from refusals
inner join core.consent_by_identifier as owners on refusals.identifier_key = owners.identifier_key
where owners.person_id is not null
group by owners.person_id
"""

# What the build knows already, or knows better, is the gate's own business: the tables stay small.
_FORGET_SQL = """
delete from {table} where {key} in (
    select late.{key}
    from {table} as late
    inner join core.consent_by_identifier as built on late.{key} = built.{key}
    where built.channel = $channel and built.purpose = $purpose
    group by late.{key}
    having bool_and(
        built.since > late.refused_at
        or (built.since = late.refused_at and built.status <> 'granted')
    )
)
"""


@dataclass
class LateWords:
    """What one run knows of words that were written to `journal`; None: nothing was.

    `refresh` keeps the temporary tables `late_addresses` (identifier_key, refused_at, granted_at)
    and `late_persons` (person_id, refused_at) for a channel and purpose.
    """

    journal: Journal | None = None
    _rows: LateRows | None = field(default=None, init=False)

    def refresh(self, connection: duckdb.DuckDBPyConnection, channel: str, purpose: str) -> None:
        """Read what is new and bring the tables up to date; raises `LateWordsError`."""
        rows = self._rows
        is_first = rows is None or rows.connection is not connection
        if rows is None or is_first:
            rows = LateRows(connection, self.journal, CONSENTS, _COLUMNS)
        if rows.read_new() or is_first:
            values = {"channel": channel, "purpose": purpose}
            connection.execute(_ADDRESSES_SQL, values)
            connection.execute(_PERSONS_SQL, values)
            for table, key in (("late_addresses", "identifier_key"), ("late_persons", "person_id")):
                connection.execute(_FORGET_SQL.format(table=table, key=key), values)
        self._rows = rows
