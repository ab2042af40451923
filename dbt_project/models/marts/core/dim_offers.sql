-- Grain: one row per offer, in the version that stands at as_of; valid_from and valid_to say when
-- it may be used.
with

offers as (

    {{ current_catalogue('offers', 'offer_id') }}

),

rates as (

    select * from {{ ref('int_core__exchange_rates') }}

),

settings as (

    select * from {{ source('ops', 'settings') }}

),

final as (

    select
        offers.offer_id,
        offers.source,
        offers.name,
        offers.offer_family,
        offers.kind,
        offers.tier,
        cast(offers.value_amount * rates.rate as decimal(18, 4)) as value_amount,
        offers.value_pct,
        settings.currency,
        offers.valid_from,
        offers.valid_to,
        cast(offers.budget_amount * rates.rate as decimal(18, 4)) as budget_amount,
        offers.max_per_person,
        offers.eligible_channels,
        offers.loaded_at
    from offers
    cross join settings
    left join rates
        on offers.currency = rates.from_currency
            and offers.loaded_at >= rates.valid_from
            and offers.loaded_at < rates.valid_before

)

select * from final
