-- Funnels that count each step by itself show more buyers than visitors: who reached a step has
-- reached all before it, in every slice, and step numbers have no gap.
{{ config(meta={'dagster': {'ref': {'name': 'funnel_results'}}}) }}
with

followed as (

    select
        funnel,
        slice,
        step_number,
        reached_count,
        lag(reached_count) over (
            partition by funnel, slice order by step_number
        ) as previous_count,
        row_number() over (partition by funnel, slice order by step_number) as position
    from {{ ref('funnel_results') }}

)

select * from followed
where
    step_number <> position
    or reached_count > previous_count
