-- Grain: one row per product, store, week and placement (display, mailer) and version.
-- Week 1 is the week of 2017-01-01, weeks start on Monday.
with

promotions as (

    select * from {{ source('complete_journey', 'promotions') }}

),

displayed as (

    select
        'complete_journey' as source,
        cast(product_id as string) as product_id,
        cast(store_id as string) as location_id,
        {{ add_time("cast('2016-12-26' as timestamp)", '7 * (week - 1)', 'day') }} as valid_from,
        {{ add_time("cast('2016-12-26' as timestamp)", '7 * week', 'day') }} as valid_to,
        _loaded_at as loaded_at,
        'display' as placement,
        display_location as detail,
        _file_name,
        _row_number
    from promotions
    where display_location <> '0'

),

mailed as (

    select
        'complete_journey' as source,
        cast(product_id as string) as product_id,
        cast(store_id as string) as location_id,
        {{ add_time("cast('2016-12-26' as timestamp)", '7 * (week - 1)', 'day') }} as valid_from,
        {{ add_time("cast('2016-12-26' as timestamp)", '7 * week', 'day') }} as valid_to,
        _loaded_at as loaded_at,
        'mailer' as placement,
        mailer_location as detail,
        _file_name,
        _row_number
    from promotions
    where mailer_location <> '0'

),

final as (

    select * from displayed
    union all
    select * from mailed

)

select * from final
