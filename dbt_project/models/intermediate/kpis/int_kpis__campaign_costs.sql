-- Grain: one row per day (tenant's calendar), channel and campaign with spend: booked spend, and
-- what single contacts cost. A contact whose source knows no cost is charged the rate of the seed
-- `channels`.
with

costs as (

    select * from {{ ref('fct_costs') }}

),

touch_days as (

    select * from {{ ref('int_kpis__touch_days') }}

),

channels as (

    select * from {{ ref('channels') }}

),

exchange_rates as (

    select * from {{ ref('int_core__exchange_rates') }}

),

booked as (

    select
        cost_date,
        channel,
        campaign_id,
        coalesce(cost_amount, 0) as booked_cost_amount,
        cast(0 as decimal(18, 4)) as contact_cost_amount,
        coalesce(impressions, 0) as paid_impression_count,
        coalesce(clicks, 0) as paid_click_count
    from costs

),

contacts as (

    select
        touch_days.activity_date as cost_date,
        touch_days.channel,
        touch_days.campaign_id,
        touch_days.known_cost_amount,
        touch_days.known_cost_count,
        channels.unit_cost_amount,
        case when channels.unit_cost_amount is not null then touch_days.unpriced_count else 0 end
            as priced_count,
        coalesce(channels.currency, {{ setting('currency') }}) as currency
    from touch_days
    left join channels
        on touch_days.channel = channels.channel

),

priced_contacts as (

    select
        contacts.cost_date,
        contacts.channel,
        contacts.campaign_id,
        cast(0 as decimal(18, 4)) as booked_cost_amount,
        coalesce(contacts.known_cost_amount, 0) + coalesce(
            contacts.priced_count
            * cast(contacts.unit_cost_amount * exchange_rates.rate as decimal(18, 4)), 0
        ) as contact_cost_amount,
        0 as paid_impression_count,
        0 as paid_click_count
    from contacts
    left join exchange_rates
        on contacts.currency = exchange_rates.from_currency
            and contacts.cost_date >= exchange_rates.valid_from
            and contacts.cost_date < exchange_rates.valid_before
    where contacts.known_cost_count > 0 or contacts.priced_count > 0

),

all_costs as (

    select * from booked
    union all
    select * from priced_contacts

),

summed as (

    select
        cost_date,
        channel,
        campaign_id,
        sum(booked_cost_amount) as booked_cost_amount,
        sum(contact_cost_amount) as contact_cost_amount,
        sum(paid_impression_count) as paid_impression_count,
        sum(paid_click_count) as paid_click_count
    from all_costs
    group by cost_date, channel, campaign_id

),

final as (

    select
        cost_date,
        channel,
        campaign_id,
        cast(booked_cost_amount as decimal(18, 4)) as booked_cost_amount,
        cast(contact_cost_amount as decimal(18, 4)) as contact_cost_amount,
        cast(booked_cost_amount + contact_cost_amount as decimal(18, 4)) as cost_amount,
        cast(paid_impression_count as bigint) as paid_impression_count,
        cast(paid_click_count as bigint) as paid_click_count
    from summed

)

select * from final
