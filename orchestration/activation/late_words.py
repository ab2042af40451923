"""Words of recipients that the warehouse does not know yet: the gate honours them all the same.

Belongs here: reading what the preference service has written (not landed, or landed and not yet
built or known at as_of), and whom it refuses. Does not belong here: consent as it was built
(`gate.py`).

Words are read when a batch is about to go, so one that is said during a run counts for the next
batch. Where nothing is new that costs a look at the folder. Words only take away: a late grant
makes a later send of its address possible again after a late withdrawal, never without a grant in
the warehouse.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
import pyarrow.json as pj

from orchestration.preferences.journal import CONSENTS, SOURCE, Journal
from orchestration.preferences.tail import Tail

_COLUMNS = ("identifier_type", "identifier_key", "channel", "purpose", "status", "occurred_at")
_PARSING = pj.ParseOptions(
    explicit_schema=pa.schema([(name, pa.string()) for name in _COLUMNS]),
    unexpected_field_behavior="ignore",
)
_BLOCK = 1 << 24

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

_WORDS_SQL = """
create or replace temp table late_words (
    identifier_type varchar, identifier_key varchar, channel varchar, purpose varchar,
    status varchar, occurred_at timestamp
)
"""

_ADDRESSES_SQL = """
create or replace temp table late_addresses as
select
    identifier_key,
    max(occurred_at) filter (where status <> 'granted') as refused_at,
    max(occurred_at) filter (where status = 'granted') as granted_at
from late_words
where channel in ($channel, 'all') and purpose in ($purpose, 'all')
group by identifier_key
having refused_at is not null
"""

# What was said of another channel than that of the link, or of all, is said for the whole person.
_PERSONS_SQL = """
create or replace temp table late_persons as
with

words as (

    select late_words.identifier_key, max(late_words.occurred_at) as refused_at
    from late_words
    left join seeds.channels as channels on late_words.channel = channels.channel
    where
        late_words.channel in ($channel, 'all')
        and late_words.purpose in ($purpose, 'all')
        and late_words.status <> 'granted'
        and (
            late_words.channel = 'all'
            or late_words.identifier_type
            is distinct from concat(channels.address_identifier_type, '_key')
        )
    group by late_words.identifier_key

)

select owners.person_id, max(words.refused_at) as refused_at
from words
inner join core.consent_by_identifier as owners on words.identifier_key = owners.identifier_key
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


class LateWordsError(RuntimeError):
    """What recipients said cannot be read; nothing may be sent."""


@dataclass
class LateWords:
    """What one run knows of words that were written to `journal`; None: nothing was.

    `refresh` keeps the temporary tables `late_addresses` (identifier_key, refused_at, granted_at)
    and `late_persons` (person_id, refused_at) for a channel and purpose.
    """

    journal: Journal | None = None
    _tail: Tail | None = field(default=None, init=False)
    _made_in: duckdb.DuckDBPyConnection | None = field(default=None, init=False)

    def refresh(self, connection: duckdb.DuckDBPyConnection, channel: str, purpose: str) -> None:
        """Read what is new and bring the tables up to date.

        Raises `LateWordsError` where a file cannot be read: then nobody knows who objected.
        """
        is_first = self._made_in is not connection
        if is_first:
            connection.execute(_WORDS_SQL)
            _add_landed(connection)
            self._tail = Tail(self.journal, CONSENTS) if self.journal else None
        if self._read_new(connection) or is_first:
            values = {"channel": channel, "purpose": purpose}
            connection.execute(_ADDRESSES_SQL, values)
            connection.execute(_PERSONS_SQL, values)
            for table, key in (("late_addresses", "identifier_key"), ("late_persons", "person_id")):
                connection.execute(_FORGET_SQL.format(table=table, key=key), values)
            self._made_in = connection

    def _read_new(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Add the rows that no earlier look has seen to `late_words`; whether there were any."""
        waiting: list[bytes] = []
        is_new = False
        try:
            for lines in self._tail.new_lines() if self._tail else ():
                is_new = True
                waiting.append(lines)
                if sum(map(len, waiting)) >= _BLOCK:
                    _add(connection, b"".join(waiting))
                    waiting.clear()
            if waiting:
                _add(connection, b"".join(waiting))
        except (OSError, pa.ArrowInvalid, duckdb.DataError) as error:
            raise LateWordsError(
                f"words of recipients in {self.journal and self.journal.folder} cannot be read "
                f"({type(error).__name__}), so nothing is sent; see docs/preferences.md"
            ) from error
        return is_new


def _add_landed(connection: duckdb.DuckDBPyConnection) -> None:
    """The rows of the raw table, whose files may have left landing."""
    table = f"{SOURCE}__{CONSENTS}"
    found = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'raw' and table_name = ?", [table]
    ).fetchall()
    if found:
        connection.execute(f"insert into late_words select {', '.join(_COLUMNS)} from raw.{table}")


def _add(connection: duckdb.DuckDBPyConnection, lines: bytes) -> None:
    rows = pj.read_json(
        io.BytesIO(lines), pj.ReadOptions(use_threads=False, block_size=2 * _BLOCK), _PARSING
    )
    connection.register("late_rows", rows)
    try:
        connection.execute(
            "insert into late_words select * replace (cast(occurred_at as timestamp) as "
            f"occurred_at) from (select {', '.join(_COLUMNS)} from late_rows)"
        )
    finally:
        connection.unregister("late_rows")
