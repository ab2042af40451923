-- Grain: one row per delivered row of contract contacts (every version).
with

raw_rows as (

    select * from {{ source('canonical', 'contacts') }}

),

final as (

    select
        source,
        record_id,
        updated_at,
        _loaded_at as loaded_at,
        first_name,
        last_name,
        birth_date,
        gender,
        street,
        postal_code,
        city,
        country_code,
        language_code,
        timezone,
        loyalty_tier,
        acquisition_channel,
        referred_by_record_id,
        _file_name,
        _row_number
    from raw_rows

)

select * from final
