-- Grain: one row per offer and month.
-- The last day is included: valid_to is the midnight after it.
with

catalogue as (

    select * from {{ source('offers', 'catalogue') }}

),

final as (

    select
        'offers' as source,
        offer_id,
        _loaded_at as loaded_at,
        name,
        offer_family,
        kind,
        tier,
        value_amount,
        value_pct,
        currency,
        cast(valid_from as timestamp) as valid_from,
        {{ add_time('cast(valid_to as timestamp)', 1, 'day') }} as valid_to,
        budget_amount,
        max_per_person,
        eligible_channels,
        _file_name,
        _row_number
    from catalogue

)

select * from final
