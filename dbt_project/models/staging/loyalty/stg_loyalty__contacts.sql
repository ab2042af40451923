-- Grain: one row per member and change.
with

members as (

    select * from {{ source('loyalty', 'members') }}

),

final as (

    select
        'loyalty' as source,
        concat('member:', card_no) as record_id,
        updated_at,
        _loaded_at as loaded_at,
        first_name,
        last_name,
        cast(null as date) as birth_date,
        cast(null as string) as gender,
        cast(null as string) as street,
        postal_code,
        cast(null as string) as city,
        cast(null as string) as country_code,
        cast(null as string) as language_code,
        cast(null as string) as timezone,
        tier as loyalty_tier,
        cast(null as string) as acquisition_channel,
        cast(null as string) as referred_by_record_id,
        _file_name,
        _row_number
    from members

)

select * from final
