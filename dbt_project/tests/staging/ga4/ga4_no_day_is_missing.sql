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

    -- rows are known at the end of the day whose table they were in
    select distinct cast(loaded_at as date) as day_date
    from {{ ref('fct_touchpoints') }}
    where source = 'ga4'

),

neighbours as (

    select
        day_date,
        lag(day_date) over (order by day_date) as day_before
    from days

)

select
    day_before as last_day_before,
    day_date as first_day_after,
    {{ days_between('day_before', 'day_date') }} - 1 as missing_days
from neighbours
where {{ days_between('day_before', 'day_date') }} > 1
