-- A list of the top paths that drops the rest says nothing about shares: with (other), every
-- transform sums to the decided journeys, their conversions and their revenue.
{{ config(meta={'dagster': {'ref': {'name': 'paths'}}}) }}
with

transforms as (

    select distinct transform from {{ ref('paths') }}

),

decided as (

    select
        goal,
        count(*) as journey_count,
        sum(case when outcome = 'converted' then 1 else 0 end) as conversion_count,
        sum(coalesce(revenue_amount, 0)) as revenue_amount
    from {{ ref('fct_journeys') }}
    where is_mature
    group by goal

),

listed as (

    select
        goal,
        transform,
        sum(journey_count) as journey_count,
        sum(conversion_count) as conversion_count,
        sum(revenue_amount) as revenue_amount
    from {{ ref('paths') }}
    group by goal, transform

)

select
    decided.goal,
    transforms.transform,
    decided.journey_count,
    listed.journey_count as listed_count
from decided
cross join transforms
left join listed
    on decided.goal = listed.goal
        and transforms.transform = listed.transform
where
    (
        decided.journey_count = listed.journey_count
        and decided.conversion_count = listed.conversion_count
        and decided.revenue_amount = listed.revenue_amount
    ) is not true
