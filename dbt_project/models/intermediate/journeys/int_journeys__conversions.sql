-- Grain: one row per conversion: a completed order, or an interaction that the seed `goals` names.
with

orders as (

    select * from {{ ref('fct_orders') }}

),

touchpoints as (

    select * from {{ ref('fct_touchpoints') }}

),

goals as (

    select * from {{ ref('goals') }}

),

order_conversions as (

    select
        goals.goal,
        orders.order_key,
        orders.order_id,
        orders.source,
        orders.order_key as fact_key,
        cast(null as {{ row_key_type() }}) as touch_key,
        orders.person_id,
        orders.ordered_at as converted_at,
        coalesce(orders.revenue_amount, 0) as revenue_amount,
        orders.margin_amount,
        orders.is_first_order
    from orders
    cross join goals
    where
        orders.status = 'completed'
        and goals.is_conversion
        and goals.kind = 'order'

),

interaction_conversions as (

    select
        goals.goal,
        cast(null as {{ string_type() }}) as order_key,
        cast(null as {{ string_type() }}) as order_id,
        touchpoints.source,
        touchpoints.touchpoint_key as fact_key,
        {{ row_key(['touchpoints.source', 'touchpoints.touchpoint_id']) }} as touch_key,
        touchpoints.person_id,
        touchpoints.occurred_at as converted_at,
        cast(0 as decimal(18, 4)) as revenue_amount,
        cast(null as decimal(18, 4)) as margin_amount,
        false as is_first_order
    from touchpoints
    inner join goals
        on touchpoints.interaction = goals.interaction
    where
        goals.is_conversion
        and goals.kind = 'interaction'
        and not touchpoints.is_automated

),

conversions as (

    select * from order_conversions
    union all
    select * from interaction_conversions

),

keyed as (

    select
        *,
        {{ surrogate_key(['goal', 'fact_key']) }} as conversion_key
    from conversions

),

final as (

    select
        conversion_key,
        goal,
        order_key,
        order_id,
        source,
        touch_key,
        person_id,
        converted_at,
        revenue_amount,
        margin_amount,
        is_first_order,
        -- of two conversions at the same instant the second finds the touches taken
        case
            when person_id is not null
                then lag(converted_at) over (
                        partition by goal, person_id order by converted_at, source, conversion_key
                    )
        end as previous_converted_at
    from keyed

)

select * from final
