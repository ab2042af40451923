"""Questions of the activation page: runs, outcomes, what a destination holds, and one person.

A person is asked for by id or hash as on the person's page; what is typed enters as a parameter.
"""

SYNCS = "select sync from activation.sync_runs group by sync order by sync"

# The newest run of every sync, and what its destination holds now.
LATEST = """
with runs as (
    select sync, run_id, any_value(destination) as destination, max(status) as status,
        min(started_at) as started_at, sum(planned) as planned, sum(attempted) as attempted,
        sum(succeeded) as succeeded, sum(rejected) as rejected, sum(blocked) as blocked,
        sum(unknown) as unknown, sum(aborted) as aborted, max(error) as error,
        row_number() over (partition by sync order by min(started_at) desc, run_id desc) as recency
    from activation.sync_runs
    group by sync, run_id
),
held as (
    select sync, count(*) as held from activation.sync_state group by sync
),
waiting as (
    select sync, count(*) filter (not is_terminal) as waiting,
        count(*) filter (is_terminal) as parked
    from activation.rejects
    group by sync
)
select runs.sync, destination, status, started_at, planned, succeeded, rejected, blocked, unknown,
    aborted, succeeded / nullif(attempted, 0) as acknowledged_share,
    rejected / nullif(attempted, 0) as rejected_share, coalesce(held, 0) as held,
    coalesce(waiting, 0) as waiting, coalesce(parked, 0) as parked, error
from runs
left join held on runs.sync = held.sync
left join waiting on runs.sync = waiting.sync
where recency = 1
order by runs.sync
"""

# planned = succeeded + rejected + blocked + unknown + aborted, per run; the newest thirty.
RUNS = """
select sync, run_id, min(started_at) as started_at, max(finished_at) as finished_at,
    max(status) as status, sum(planned) as planned, sum(succeeded) as succeeded,
    sum(rejected) as rejected, sum(blocked) as blocked, sum(unknown) as unknown,
    sum(aborted) as aborted,
    sum(planned) = sum(succeeded + rejected + blocked + unknown + aborted) as is_accounted
from activation.sync_runs
where $sync is null or sync = $sync
group by sync, run_id
order by started_at desc, run_id desc, sync
limit 30
"""

# Why records of the newest run of each sync did not arrive.
REASONS = """
with newest as (
    select sync, run_id
    from activation.sync_runs
    group by sync, run_id
    qualify row_number() over (partition by sync order by min(started_at) desc, run_id desc) = 1
)
select rows.sync, rows.outcome, coalesce(rows.reason, '(none)') as reason, count(*) as records
from activation.sync_rows as rows
inner join newest on rows.sync = newest.sync and rows.run_id = newest.run_id
where rows.outcome = $outcome and ($sync is null or rows.sync = $sync)
group by all
order by records desc, rows.sync, reason
"""

HELD = """
select sync, count(*) as records, min(last_succeeded_at) as oldest_at,
    max(last_succeeded_at) as newest_at
from activation.sync_state
where $sync is null or sync = $sync
group by sync
order by sync
"""

# One row per sync, whether it ever planned the person or not.
CONSIDERED = """
with syncs as (
    select sync, max_by(destination, started_at) as destination
    from activation.sync_runs
    group by sync
),
considered as (
    select sync, operation, outcome, reason, recorded_at, run_id
    from activation.sync_rows
    where person_id = $person
    qualify row_number() over (
        partition by sync order by recorded_at desc, run_id desc, record_key
    ) = 1
),
held as (
    select sync, count(*) as held, max(last_succeeded_at) as held_since
    from activation.sync_state where person_id = $person group by sync
),
waiting as (
    select sync, max(attempts) as attempts, min(next_try_at) as next_try_at,
        bool_or(is_terminal) as is_parked
    from activation.rejects where person_id = $person group by sync
)
select syncs.sync, syncs.destination, operation, outcome, reason, recorded_at,
    coalesce(held, 0) as held, held_since, attempts, next_try_at, is_parked, run_id
from syncs
left join considered on syncs.sync = considered.sync
left join held on syncs.sync = held.sync
left join waiting on syncs.sync = waiting.sync
order by syncs.sync
"""

DELIVERIES = """
select sent_at, sync, destination, channel, operation, outcome, reason, identifier_key,
    campaign_id, content_id, variant, external_id, run_id
from activation.delivery_ledger
where person_id = $person
order by sent_at desc, sync, run_id
limit 200
"""

SEGMENTS = """
select segment, segment_version, entered_at, exited_at, split_bucket, is_holdout
from segments.membership
where person_id = $person
order by exited_at is not null, entered_at desc, segment
"""

# The word for each address, which the gate asks, beside that for the person, and suppressions.
CONSENT = """
select words.identifier_key, words.channel, words.purpose, words.status, words.since,
    words.is_explicit, persons.status as person_status, suppressions.reason as suppressed_for
from core.consent_by_identifier as words
left join core.consent_current as persons
    on words.person_id = persons.person_id and words.channel = persons.channel
        and words.purpose = persons.purpose
left join core.suppressions as suppressions
    on words.identifier_key = suppressions.identifier_key
        and coalesce(suppressions.channel, 'all') in (words.channel, 'all')
where words.person_id = $person
order by words.purpose, words.channel, words.identifier_key
"""

EXAMPLES = """
select person_id, count(distinct sync) as syncs, count(*) as records,
    max(recorded_at) as last_at
from activation.sync_rows
where person_id is not null
group by person_id
order by syncs desc, last_at desc, person_id
limit 5
"""
