-- Grain: one row per fact table and currency with amounts that no rate converts.
-- A leaf: its test fails, but no mart waits for it, so that a missing rate is loud and costs nobody
-- a night's run.
with

orders as (

    select
        'orders' as fact,
        currency,
        cast(ordered_at as date) as fact_date
    from {{ ref('int_contracts__orders') }}
    where superseded_at is null

),

costs as (

    select
        'costs' as fact,
        currency,
        cost_date as fact_date
    from {{ ref('int_contracts__costs') }}
    where superseded_at is null

),

touchpoints as (

    select
        'touchpoints' as fact,
        currency,
        cast(occurred_at as date) as fact_date
    from {{ ref('int_contracts__touchpoints') }}
    where
        superseded_at is null
        and (cost_amount is not null or value_amount is not null)

),

offer_events as (

    select
        'offer_events' as fact,
        currency,
        cast(occurred_at as date) as fact_date
    from {{ ref('int_contracts__offer_events') }}
    where
        superseded_at is null
        and value_amount is not null

),

amounts as (

    select * from orders
    union all
    select * from costs
    union all
    select * from touchpoints
    union all
    select * from offer_events

),

rates as (

    select * from {{ ref('int_core__exchange_rates') }}

),

final as (

    select
        amounts.fact,
        amounts.currency,
        min(amounts.fact_date) as first_date,
        max(amounts.fact_date) as last_date,
        count(*) as row_count
    from amounts
    left join rates
        on amounts.currency = rates.from_currency
            and amounts.fact_date >= rates.valid_from
            and amounts.fact_date < rates.valid_before
    where rates.rate is null
    group by amounts.fact, amounts.currency

)

select * from final
