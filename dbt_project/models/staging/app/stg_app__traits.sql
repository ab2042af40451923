-- Grain: one row per record, trait and version.
with

events as (

    select * from {{ source('app', 'events') }}

),

final as (

    {{ trait_rows(
        source='app', relation='events',
        record_id='insert_id', updated_at='occurred_at',
        traits=['shoe_size', 'favourite_sport']
    ) }}

)

select * from final
