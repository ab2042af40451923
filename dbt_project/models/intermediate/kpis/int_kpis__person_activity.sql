-- Grain: one row per identifier that acted or ordered, person that it belongs to, and channel
-- where: what says how many people there are, under any idea of who is one. Facts of nobody are
-- left out.
with

orders as (

    select
        {{ row_key(['source', 'record_id']) }} as record_key,
        person_id,
        channel
    from {{ ref('fct_orders') }}
    where status = 'completed' and person_id is not null

),

-- the orders' records first: there are a hundred times more
records as (

    select
        record_key,
        set_key
    from {{ ref('int_identity__records') }}
    where record_key in (select record_key from orders)

),

set_persons as (

    select
        set_key,
        identifier_number
    from {{ ref('int_identity__set_persons') }}
    where set_key in (select set_key from records)

),

identifier_keys as (

    select
        identifier_number,
        identifier_key
    from {{ ref('int_identity__keys') }}
    where identifier_number in (select identifier_number from set_persons)

),

ordered as (

    select
        {{ row_key(['identifier_keys.identifier_key']) }} as strict_number,
        {{ person_number('orders.person_id') }} as person_number,
        orders.channel,
        1 as order_count
    from orders
    left join records
        on orders.record_key = records.record_key
    left join set_persons
        on records.set_key = set_persons.set_key
    left join identifier_keys
        on set_persons.identifier_number = identifier_keys.identifier_number

),

visited as (

    select
        actor_number as strict_number,
        {{ person_number('person_id') }} as person_number,
        place_channel as channel,
        0 as order_count
    from {{ ref('int_journeys__sessions') }}
    where person_id is not null

),

activity as (

    select * from visited
    union all
    select * from ordered

),

final as (

    select
        strict_number,
        person_number,
        channel,
        cast(sum(order_count) as bigint) as order_count
    from activity
    group by strict_number, person_number, channel

)

select * from final
