-- Grain: one row per known person with an open cart that was touched in the last 14 days.
-- Carts are per person, so it may have been filled on any device; one that was followed by an
-- order is not open.
with

carts as (

    select * from {{ ref('carts_current') }}

),

profiles as (

    select * from {{ ref('dim_profiles') }}

),

last_touched as (

    select
        person_id,
        max(last_activity_at) as last_activity_at
    from carts
    group by person_id

),

final as (

    select
        last_touched.person_id,
        last_touched.last_activity_at as qualified_at
    from last_touched
    inner join profiles on last_touched.person_id = profiles.person_id
    where
        profiles.is_known
        and last_touched.last_activity_at >= {{ add_time(as_of(), -14, 'day') }}
        and last_touched.last_activity_at < {{ as_of() }}
        and (profiles.last_order_at > last_touched.last_activity_at) is not true

)

select * from final
