-- The accident: a join to a seed of channels dropped every touch of a channel that nobody had
-- listed, and another one to click landings counted visits twice. So: the ids that each source
-- delivered are as many as its rows of the mart.
{{ config(meta={'dagster': {'ref': {'name': 'fct_touchpoints'}}}) }}
with

delivered as (

    {{ delivered_rows('touchpoints', ['source', 'touchpoint_id']) }}

),

expected as (

    select
        source,
        count(distinct touchpoint_id) as row_count
    from delivered
    group by source

),

found as (

    select
        source,
        count(*) as row_count
    from {{ ref('fct_touchpoints') }}
    group by source

)

select
    coalesce(expected.source, found.source) as source,
    expected.row_count as expected_count,
    found.row_count as found_count
from expected
full outer join found
    on expected.source = found.source
where (expected.row_count = found.row_count) is not true
