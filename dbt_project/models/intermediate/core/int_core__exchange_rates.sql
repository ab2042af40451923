-- Grain: one row per currency and day from which its rate into the reporting currency holds.
with

rates as (

    select * from {{ ref('exchange_rates') }}

),

settings as (

    select * from {{ source('ops', 'settings') }}

),

foreign_rates as (

    select
        rates.from_currency,
        rates.rate_date as valid_from,
        lead(rates.rate_date) over (
            partition by rates.from_currency order by rates.rate_date
        ) as next_rate_date,
        rates.rate
    from rates
    inner join settings
        on rates.to_currency = settings.currency
    where rates.from_currency <> settings.currency

),

own_rate as (

    -- the reporting currency itself, so that one join serves every row
    select
        currency as from_currency,
        cast('1900-01-01' as date) as valid_from,
        cast(null as date) as next_rate_date,
        cast(1 as decimal(18, 8)) as rate
    from settings

),

combined as (

    select * from foreign_rates
    union all
    select * from own_rate

),

final as (

    select
        from_currency,
        valid_from,
        coalesce(next_rate_date, cast('9999-12-31' as date)) as valid_before,
        cast(rate as decimal(18, 8)) as rate
    from combined

)

select * from final
