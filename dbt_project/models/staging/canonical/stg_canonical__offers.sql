-- Grain: one row per delivered row of contract offers (every version).
with

raw_rows as (

    select * from {{ source('canonical', 'offers') }}

),

final as (

    select
        source,
        offer_id,
        _loaded_at as loaded_at,
        name,
        offer_family,
        kind,
        tier,
        value_amount,
        value_pct,
        currency,
        valid_from,
        valid_to,
        budget_amount,
        max_per_person,
        eligible_channels,
        _file_name,
        _row_number
    from raw_rows

)

select * from final
