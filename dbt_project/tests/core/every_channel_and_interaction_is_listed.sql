-- A warning, not an error: a new channel must not break a night's run. What is listed here is kept
-- in the marts, in group `other` and without engagement; add it to the seeds channels or
-- interactions.
{{
    config(
        severity='warn',
        meta={'dagster': {'ref': {'name': 'fct_touchpoints'}}}
    )
}}

with

touchpoints as (

    select * from {{ ref('fct_touchpoints') }}

),

unlisted_channels as (

    select
        'channel' as kind,
        channel as unlisted
    from {{ ref('dim_channels') }}
    where not is_listed

),

unlisted_interactions as (

    select distinct
        'interaction' as kind,
        interaction as unlisted
    from touchpoints
    where direction = 'other'

)

select * from unlisted_channels
union all
select * from unlisted_interactions
