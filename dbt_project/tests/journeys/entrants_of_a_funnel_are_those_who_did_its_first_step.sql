-- Entrants that fell out of a funnel between the facts and the result made its rates too good:
-- mature and immature entrants together are the persons with an event of step 1.
{{ config(meta={'dagster': {'ref': {'name': 'funnel_results'}}}) }}
with

entrants as (

    select
        slices.funnel,
        count(distinct events.person_number) as person_count
    from {{ ref('int_journeys__funnel_slices') }} as slices
    left join {{ ref('int_journeys__funnel_events') }} as events
        on slices.funnel_number = events.funnel_number
            and events.step_number = 1
    where slices.slice_by = '(all)'
    group by slices.funnel

),

counted as (

    select
        funnel,
        sum(reached_count) as person_count
    from {{ ref('funnel_results') }}
    where
        slice_by = '(all)'
        and step_number = 1
    group by funnel

)

select
    entrants.funnel,
    entrants.person_count as expected_count,
    counted.person_count as found_count
from entrants
full outer join counted
    on entrants.funnel = counted.funnel
where coalesce(entrants.person_count, -1) <> coalesce(counted.person_count, -1)
