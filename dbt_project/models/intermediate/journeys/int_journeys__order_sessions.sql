-- Grain: one row per completed order that was placed in a session, or within one session gap of
-- its last touch: on the same actor (the device that carried the checkout), else by the same
-- person in the same place.
with

orders as (

    select * from {{ ref('fct_orders') }}

),

record_persons as (

    select * from {{ ref('int_identity__record_persons') }}

),

sessions as (

    select * from {{ ref('int_journeys__sessions') }}

),

completed_orders as (

    select
        orders.order_key,
        orders.person_id,
        orders.channel,
        orders.ordered_at,
        record_persons.actor_key
    from orders
    left join record_persons
        on {{ row_key(['orders.source', 'orders.record_id']) }} = record_persons.record_key
    where orders.status = 'completed'

),

matched_by_actor as (

    select
        completed_orders.order_key,
        sessions.session_id,
        sessions.started_at,
        1 as match_rank
    from completed_orders
    inner join sessions
        on completed_orders.actor_key = sessions.actor_key
            and completed_orders.ordered_at >= sessions.started_at
            and completed_orders.ordered_at <= sessions.open_until

),

matched_by_person as (

    select
        completed_orders.order_key,
        sessions.session_id,
        sessions.started_at,
        2 as match_rank
    from completed_orders
    inner join sessions
        on completed_orders.person_id = sessions.person_id
            and completed_orders.channel = sessions.place_channel
            and completed_orders.ordered_at >= sessions.started_at
            and completed_orders.ordered_at <= sessions.open_until

),

matches as (

    select * from matched_by_actor
    union all
    select * from matched_by_person

),

ranked as (

    select
        *,
        row_number() over (
            partition by order_key order by match_rank asc, started_at desc, session_id asc
        ) as match_number
    from matches

),

final as (

    select
        order_key,
        session_id
    from ranked
    where match_number = 1

)

select * from final
