-- Grain: one row per location, in the version that stands at as_of.
with

locations as (

    {{ current_catalogue('locations', 'location_id') }}

),

final as (

    select
        location_id,
        source,
        name,
        kind,
        city,
        country_code,
        timezone,
        valid_from,
        valid_to,
        loaded_at
    from locations

)

select * from final
