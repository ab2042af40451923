-- A warning, not an error: a day that the export lacks looks like a day without visitors, and
-- figures per day or week are too low. One row per gap.
{{
    config(
        enabled='ga4' in env_var('CROSSWEAVE_SOURCES', '').split(','),
        severity='warn',
        meta={'dagster': {'ref': {'name': 'fct_touchpoints'}}}
    )
}}
with

days as (

    select distinct cast(exported_at as date) as day from {{ source('ga4', 'events') }}

),

neighbours as (

    select
        day,
        lag(day) over (order by day) as day_before
    from days

)

select
    day_before as last_day_before,
    day as first_day_after,
    {{ days_between('day_before', 'day') }} - 1 as missing_days
from neighbours
where {{ days_between('day_before', 'day') }} > 1
