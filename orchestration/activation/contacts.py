"""Whom a plan wants to write to, and what they were sent before: the SQL of the contact rules.

Belongs here: the temporary tables `activation_people` (time zone, household and wishes per row of
the plan), `activation_members` (under which ids the ledger knows a household) and
`activation_rehearsed` (whom a rehearsal let through), and reading contacts out of them and out of
the ledgers. Does not belong here: what a rule makes of them (`contact_rules.py`).
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from zoneinfo import available_timezones

import duckdb

from orchestration.activation.caps import Contact

_PEOPLE = """
create or replace temp table activation_people as
select
    plan.position,
    plan.person_id,
    coalesce(profiles.household_id, plan.person_id) as household_id,
    case
        when list_contains($zones, profiles.timezone) then profiles.timezone
        else coalesce(settings.timezone, 'UTC')
    end as timezone,
    wishes.max_messages,
    wishes.period_days,
    wishes.quiet_from_minute,
    wishes.quiet_to_minute
from activation_plan as plan
cross join ops.settings as settings
left join core.dim_profiles as profiles on plan.person_id = profiles.person_id
left join core.contact_preferences as wishes on plan.person_id = wishes.person_id
where plan.operation <> 'remove'
order by plan.position
"""

# the ledgers keep the id that a person had then
_MEMBERS = """
create or replace temp table activation_members as
with

present as (

    select person_id, household_id from activation_people
    union
    select person_id, coalesce(household_id, person_id) as household_id
    from core.dim_profiles
    where household_id in (select household_id from activation_people)

)

select person_id as known_id, person_id, household_id from present
union
select redirects.old_person_id, present.person_id, present.household_id
from identity.person_redirects as redirects
inner join present on redirects.person_id = present.person_id
"""

_BATCH_MEMBERS = """
    select * from activation_members
    where household_id in (
        select household_id from activation_people where position between $first and $last
    )
"""

_DELIVERED = f"""
with

members as ({_BATCH_MEMBERS}),

deliveries as (

    select
        run_id, sync, record_key, person_id, channel, purpose,
        min(sent_at) as contacted_at,
        bool_or(outcome = 'succeeded') as is_certain
    from ops.activation_delivery_ledger
    where
        is_message
        and operation <> 'remove'
        and outcome in ('succeeded', 'unknown')
        and sent_at >= $since
        and person_id in (select known_id from members)
    group by run_id, sync, record_key, person_id, channel, purpose

)

select
    members.person_id, members.household_id, deliveries.channel, deliveries.purpose,
    deliveries.contacted_at
from deliveries
inner join members on deliveries.person_id = members.known_id
where
    deliveries.is_certain
    -- what turned out not to have arrived is no contact
    or (deliveries.run_id, deliveries.sync, deliveries.record_key) not in (
        select (run_id, sync, record_key) from ops.activation_sync_rows
        where outcome in ('aborted', 'rejected') and run_id in (
            select run_id from deliveries where not is_certain
        )
    )
"""

_OTHER_OPEN_RUNS = """
select run_id, sync, max(channel), max(purpose)
from ops.activation_sync_runs
group by run_id, sync
having max_by(status, sequence) = 'running' and bool_or(is_message) and run_id <> $run_id
"""

_RESERVED = f"""
with

members as ({_BATCH_MEMBERS}),

latest as (

    select
        record_key,
        person_id,
        max(recorded_at) as recorded_at,
        max_by(outcome, sequence) as outcome
    from ops.activation_sync_rows
    where
        run_id = $run_id
        and sync = $sync
        and operation <> 'remove'
        and person_id in (select known_id from members)
    group by record_key, person_id

)

select
    members.person_id, members.household_id, cast($channel as varchar), cast($purpose as varchar),
    -- it may arrive at any moment, so it counts for today
    cast($at as timestamp)
from latest
inner join members on latest.person_id = members.known_id
where latest.outcome = 'sending' and latest.recorded_at >= $since
"""

_REHEARSED = """
select
    people.person_id, people.household_id, cast($channel as varchar), cast($purpose as varchar),
    cast($at as timestamp)
from activation_rehearsed as rehearsed
inner join activation_people as people on rehearsed.position = people.position
where people.household_id in (
    select household_id from activation_people where position between $first and $last
)
"""


class Recipient(NamedTuple):
    """Somebody in the plan; `timezone` is one that exists, what was not asked for is None."""

    position: int
    person_id: str
    household_id: str
    timezone: str
    max_messages: int | None
    period_days: int | None
    quiet_from_minute: int | None
    quiet_to_minute: int | None


def read_people(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill both tables from `activation_plan`; nobody is rehearsed yet.

    A person without a household is one alone; without a time zone that exists, the tenant's holds.
    """
    said = connection.execute("select distinct timezone from core.dim_profiles").fetchall()
    zones = sorted({zone for (zone,) in said if zone} & available_timezones())
    connection.execute(_PEOPLE, {"zones": zones})
    connection.execute(_MEMBERS)
    connection.execute("create or replace temp table activation_rehearsed (position bigint)")


def recipients(connection: duckdb.DuckDBPyConnection, *, first: int, last: int) -> list[Recipient]:
    """Who is written to at positions `first` to `last`, in that order."""
    rows = connection.execute(
        "select * from activation_people where position between ? and ? order by position",
        [first, last],
    ).fetchall()
    return [Recipient(*row) for row in rows]


def earlier_contacts(
    connection: duckdb.DuckDBPyConnection,
    *,
    first: int,
    last: int,
    since: datetime,
    at: datetime,
    run_id: str,
) -> list[Contact]:
    """Messages since a time to the households of `first` to `last`, by their present ids.

    Delivered ones, those of which nobody knows, and those that another open run than `run_id` is
    sending. Times are in UTC, `at` is now.
    """
    batch = {"first": first, "last": last, "since": since}
    rows = connection.execute(_DELIVERED, batch).fetchall()
    for open_run, sync, channel, purpose in connection.execute(
        _OTHER_OPEN_RUNS, {"run_id": run_id}
    ).fetchall():
        run = {"run_id": open_run, "sync": sync, "channel": channel, "purpose": purpose}
        rows += connection.execute(_RESERVED, {**batch, **run, "at": at}).fetchall()
    return [Contact(*row) for row in rows]


def rehearsed_contacts(
    connection: duckdb.DuckDBPyConnection,
    *,
    first: int,
    last: int,
    channel: str,
    purpose: str,
    at: datetime,
) -> list[Contact]:
    """What a rehearsal let through before, to the households of `first` to `last`, as sent `at`."""
    rows = connection.execute(
        _REHEARSED,
        {"first": first, "last": last, "channel": channel, "purpose": purpose, "at": at},
    ).fetchall()
    return [Contact(*row) for row in rows]


def remember_rehearsed(connection: duckdb.DuckDBPyConnection, positions: list[int]) -> None:
    """A rehearsal writes no receipts: what it let through counts for the rows after it."""
    connection.execute("insert into activation_rehearsed select unnest($1::bigint[])", [positions])
