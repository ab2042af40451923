-- Hand-off figures that leave out first or last touches never reconcile with the journeys: what
-- goes into a channel comes out of it in every period, starts are conversions plus losses, and they
-- are the decided journeys.
{{ config(meta={'dagster': {'ref': {'name': 'transitions'}}}) }}
with

moves as (

    select
        goal,
        period_grain,
        period_start,
        from_channel as channel,
        transition_count as out_count,
        0 as in_count
    from {{ ref('transitions') }}
    union all
    select
        goal,
        period_grain,
        period_start,
        to_channel as channel,
        0 as out_count,
        transition_count as in_count
    from {{ ref('transitions') }}

),

named as (

    select
        *,
        case
            when channel in ('(start)', '(conversion)', '(lost)') then '(journeys)'
            else channel
        end as what
    from moves

),

balances as (

    select
        goal,
        period_grain,
        period_start,
        what,
        sum(out_count) as out_count,
        sum(in_count) as in_count
    from named
    group by goal, period_grain, period_start, what

),

started as (

    select
        goal,
        sum(transition_count) as journey_count
    from {{ ref('transitions') }}
    where
        period_grain = 'total'
        and from_channel = '(start)'
    group by goal

),

decided as (

    select
        goal,
        count(*) as journey_count
    from {{ ref('fct_journeys') }}
    where is_mature
    group by goal

)

select
    goal,
    period_grain,
    what,
    out_count,
    in_count
from balances
where out_count <> in_count
union all
select
    coalesce(started.goal, decided.goal) as goal,
    'total' as period_grain,
    'starts and decided journeys' as what,
    started.journey_count as out_count,
    decided.journey_count as in_count
from started
full outer join decided
    on started.goal = decided.goal
where (started.journey_count = decided.journey_count) is not true
