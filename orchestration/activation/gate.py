"""The gate: may this record be sent to this person at this address, now?

Belongs here: the one place where a planned row is refused, with its reason. It is asked per batch,
right before the batch is sent, and reads the warehouse as it is then, not as it was when the plan
was made. Does not belong here: what else is to be sent, and how.

Removing is always allowed by everything but the environment: taking somebody out of an audience
needs no consent. Everything else needs a live grant of the very address that is used, given by the
person it is used for; a message then waits for quiet hours to end and for room under every cap. The
first rule that refuses gives the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

import duckdb

from orchestration.activation.contact_rules import ContactRules
from orchestration.activation.erased import erased_sql
from orchestration.activation.late_rows import LateWordsError
from orchestration.activation.late_wishes import LateWishes
from orchestration.activation.late_words import REFUSED_SQL, LateWords


@dataclass(frozen=True)
class GateContext:
    """What the gate needs to know of the run.

    `may_leave`: this destination is allowed here. `late_words`, `late_wishes`: what recipients
    said that the warehouse may not know yet. `is_message`: records are messages, which need
    `contact_rules`.
    """

    channel: str
    purpose: str
    may_leave: bool
    late_words: LateWords = field(default_factory=LateWords)
    late_wishes: LateWishes = field(default_factory=LateWishes)
    is_message: bool = False
    contact_rules: ContactRules | None = None

    def with_plan(
        self, connection: duckdb.DuckDBPyConnection, run_id: str, *, is_rehearsal: bool = False
    ) -> GateContext:
        """The context once `activation_plan` is there: a message's rules are read."""
        if not self.is_message:
            return self
        rules = ContactRules.of(
            connection,
            channel=self.channel,
            purpose=self.purpose,
            run_id=run_id,
            is_rehearsal=is_rehearsal,
        )
        return replace(self, contact_rules=rules)


# What a word means is decided where core.consent_by_identifier is built: a word for all channels
# has a row for each, silence has one (granted) where the law lets one write until an objection.
# Every table is cut to the batch before it is joined: a batch costs a look at the tables, no more.
_GATE_SQL = """
with

batch as (

    select position, operation, person_id, identifier_key
    from activation_plan
    where position between $first and $last

),

purpose_consents as (

    select identifier_key, person_id, channel, status, since
    from core.consent_by_identifier
    where
        purpose = $purpose
        and (
            identifier_key in (select identifier_key from batch)
            or person_id in (select person_id from batch)
        )

),

address_consents as (

    select identifier_key, person_id, status from purpose_consents where channel = $channel

),

late_refusals as (
    {late_refusals}
),

owners as (

    select identifier_key, person_id from identity.identifier_person
    where is_current and identifier_key in (select identifier_key from batch)

),

objections as (

    select distinct person_id from purpose_consents where status = 'objected'

),

suppressed as (

    select distinct identifier_key from core.suppressions
    where
        channel in ($channel, 'all')
        and identifier_key in (select identifier_key from batch)

),

held_out as (

    select distinct person_id from segments.membership
    where is_holdout and exited_at is null and person_id in (select person_id from batch)

),

settings as (

    select split_salt, universal_holdout_pct from ops.settings

),

judged as (

    select
        batch.position,
        case
            when not $may_leave then 'environment'
            when batch.operation = 'remove' then null
            when {tombstone} then 'erased'
            when batch.identifier_key is null then 'address_missing'
            when owners.person_id <> batch.person_id then 'owner_changed'
            when late_refusals.position is not null then 'consent_withdrawn'
            when address_consents.status is null then 'consent_missing'
            when address_consents.status <> 'granted'
                then concat('consent_', address_consents.status)
            when objections.person_id is not null then 'owner_objected'
            when suppressed.identifier_key is not null then 'suppressed'
            when held_out.person_id is not null then 'holdout'
            when {universal_holdout} then 'holdout'
        end as reason
    from batch
    cross join settings
    left join address_consents
        on
            batch.identifier_key = address_consents.identifier_key
            and batch.person_id = address_consents.person_id
    left join owners on batch.identifier_key = owners.identifier_key
    left join late_refusals on batch.position = late_refusals.position
    left join objections on batch.person_id = objections.person_id
    left join suppressed on batch.identifier_key = suppressed.identifier_key
    left join held_out on batch.person_id = held_out.person_id

)

select position, reason from judged where reason is not null
"""


class GateError(RuntimeError):
    """The gate cannot decide; nothing may be sent."""


def refused(
    connection: duckdb.DuckDBPyConnection,
    context: GateContext,
    *,
    first: int,
    last: int,
    at: datetime,
) -> dict[int, str]:
    """Reasons by position for the rows of `activation_plan` that must not be sent now.

    Positions `first` to `last` inclusive; a position that is absent may be sent. `at` is now, in
    UTC without zone. Raises `GateError` when a table that it needs is missing.
    """
    try:
        context.late_words.refresh(connection, context.channel, context.purpose)
        settings = connection.execute("select count(*) from ops.settings").fetchall()[0][0]
        if settings != 1:
            raise GateError(f"ops.settings has {settings} rows, expected one; run the landing step")
        rows = connection.execute(
            _GATE_SQL.format(
                late_refusals=REFUSED_SQL,
                tombstone=erased_sql("batch"),
                universal_holdout=universal_holdout_sql(),
            ),
            {
                "first": first,
                "last": last,
                "channel": context.channel,
                "purpose": context.purpose,
                "may_leave": context.may_leave,
            },
        ).fetchall()
        refusals = {int(position): str(reason) for position, reason in rows}
        if not context.is_message:
            return refusals
        if context.contact_rules is None:
            raise GateError("the rules for messages were not read, so nothing is sent")
        context.late_wishes.refresh(connection)
        held_back = context.contact_rules.refused(
            connection, first=first, last=last, passed_over=refusals, at=at
        )
    except LateWordsError as error:
        raise GateError(str(error)) from error
    except duckdb.CatalogException as error:
        raise GateError(f"the gate lacks a table, so nothing is sent: {error}") from error
    return refusals | held_back


def universal_holdout_sql() -> str:
    """True for `batch.person_id` in the universal holdout; `settings` is a row of `ops.settings`.

    The same as the dbt macros `split_bucket` (buckets 0 .. 9,999) and `in_universal_holdout`.
    """
    return (
        "cast(concat('0x', substr(sha256(concat_ws(chr(31), settings.split_salt, batch.person_id)),"
        " 1, 8)) as bigint) % 10000 < settings.universal_holdout_pct * 100"
    )
