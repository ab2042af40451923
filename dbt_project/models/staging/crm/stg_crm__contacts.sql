-- Grain: one row per contact and change.
with

contacts as (

    select * from {{ source('crm', 'contacts') }}

),

final as (

    select
        'crm' as source,
        contact_id as record_id,
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
        cast(null as string) as loyalty_tier,
        acquisition_channel,
        referred_by_contact_id as referred_by_record_id,
        _file_name,
        _row_number
    from contacts

)

select * from final
