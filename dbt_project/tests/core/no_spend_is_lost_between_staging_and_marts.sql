-- The accident: spend without a campaign id vanished in a join on the campaign, and every channel
-- looked cheaper than it was. So: impressions and clicks as delivered equal those of the mart; and
-- so does the spend, for days and channels whose every row has a rate.
{{ config(meta={'dagster': {'ref': {'name': 'fct_costs'}}}) }}
with

costs as (

    select * from {{ ref('int_contracts__costs') }}
    where superseded_at is null

),

rates as (

    select * from {{ ref('int_core__exchange_rates') }}

),

converted as (

    select
        costs.channel,
        costs.cost_date,
        costs.impressions,
        costs.clicks,
        -- rounded per row, as the mart rounds
        cast(
            costs.cost_amount * (
                select max(rates.rate)
                from rates
                where
                    rates.from_currency = costs.currency
                    and rates.valid_from <= costs.cost_date
                    and rates.valid_before > costs.cost_date
            ) as decimal(18, 4)
        ) as cost_amount
    from costs

),

expected as (

    select
        channel,
        cost_date,
        coalesce(sum(impressions), 0) as impressions,
        coalesce(sum(clicks), 0) as clicks,
        case when count(*) = count(cost_amount) then sum(cost_amount) end as cost_amount
    from converted
    group by channel, cost_date

),

found as (

    select
        channel,
        cost_date,
        coalesce(sum(impressions), 0) as impressions,
        coalesce(sum(clicks), 0) as clicks,
        sum(cost_amount) as cost_amount
    from {{ ref('fct_costs') }}
    group by channel, cost_date

)

select
    coalesce(expected.channel, found.channel) as channel,
    coalesce(expected.cost_date, found.cost_date) as cost_date,
    expected.cost_amount as expected_amount,
    found.cost_amount as found_amount
from expected
full outer join found
    on expected.channel = found.channel
        and expected.cost_date = found.cost_date
where
    (
        expected.impressions = found.impressions
        and expected.clicks = found.clicks
        and (expected.cost_amount is null or expected.cost_amount = found.cost_amount)
    ) is not true
