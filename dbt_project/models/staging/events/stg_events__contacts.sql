-- Grain: one row per registration and version.
with

attendees as (

    select * from {{ source('events', 'attendees') }}

),

final as (

    select
        'events' as source,
        registration_id as record_id,
        registered_at as updated_at,
        _loaded_at as loaded_at,
        first_name,
        last_name,
        cast(null as date) as birth_date,
        cast(null as string) as gender,
        cast(null as string) as street,
        cast(null as string) as postal_code,
        cast(null as string) as city,
        cast(null as string) as country_code,
        cast(null as string) as language_code,
        cast(null as string) as timezone,
        cast(null as string) as loyalty_tier,
        cast(null as string) as acquisition_channel,
        cast(null as string) as referred_by_record_id,
        _file_name,
        _row_number
    from attendees
    where first_name is not null or last_name is not null

)

select * from final
