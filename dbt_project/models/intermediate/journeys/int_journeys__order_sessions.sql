-- Grain: one row per completed order that was placed in a session, or within one session gap of
-- its last touch: on the same actor (the device that carried the checkout), else by the same
-- person in the same place.
with

orders as (

    select * from {{ ref('fct_orders') }}

),

sessions as (

    select * from {{ ref('int_journeys__sessions') }}

),

placed as (

    select
        order_key,
        person_id,
        channel,
        ordered_at,
        {{ row_key(['source', 'record_id']) }} as record_key
    from orders
    where status = 'completed'

),

-- the orders' records first: there are a hundred times more
records as (

    select
        record_key,
        set_key
    from {{ ref('int_identity__records') }}
    where record_key in (select record_key from placed)

),

completed_orders as (

    select
        placed.order_key,
        placed.person_id,
        placed.channel,
        placed.ordered_at,
        set_persons.actor_key
    from placed
    left join records
        on placed.record_key = records.record_key
    left join {{ ref('int_identity__set_persons') }} as set_persons
        on records.set_key = set_persons.set_key

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
