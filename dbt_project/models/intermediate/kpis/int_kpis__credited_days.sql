-- Grain: one row per day (tenant's calendar), channel and campaign with orders credited by last
-- touch (on the day of the order) or refunds of such orders (on the day of the refund).
with

credits as (

    select * from {{ ref('credits') }}
    where model = 'last' and goal = 'order'

),

orders as (

    select * from {{ ref('int_kpis__orders') }}

),

journeys as (

    select
        conversion_key,
        time_to_conversion_s
    from {{ ref('fct_journeys') }}
    where goal = 'order' and conversion_key is not null

),

sold as (

    select
        orders.order_date as activity_date,
        credits.channel,
        credits.campaign_id,
        credits.credit as conversion_count,
        case when orders.is_first_order then credits.credit else 0 end as new_customer_count,
        case when orders.order_number > 1 then 1 else 0 end as repeat_order_count,
        case when orders.order_number is not null then 1 else 0 end as known_order_count,
        credits.revenue_credit as revenue_amount,
        orders.margin_amount,
        case when orders.margin_amount is null then 1 else 0 end as unknown_margin_count,
        0 as refund_count,
        cast(0 as decimal(18, 4)) as refund_amount,
        -- whole seconds, whose sum is the same in every order of adding
        cast(round(journeys.time_to_conversion_s) as bigint) as time_to_conversion_s
    from credits
    inner join orders
        on credits.order_key = orders.order_key
    left join journeys
        on credits.conversion_key = journeys.conversion_key

),

refunded as (

    -- by the last touch of the order that it takes back
    select
        orders.order_date as activity_date,
        coalesce(credits.channel, '(unattributed)') as channel,
        credits.campaign_id,
        cast(0 as double) as conversion_count,
        cast(0 as double) as new_customer_count,
        0 as repeat_order_count,
        0 as known_order_count,
        cast(0 as decimal(38, 12)) as revenue_amount,
        orders.margin_amount,
        case when orders.margin_amount is null then 1 else 0 end as unknown_margin_count,
        1 as refund_count,
        orders.net_revenue_amount as refund_amount,
        cast(null as bigint) as time_to_conversion_s
    from orders
    left join credits
        on orders.related_order_key = credits.order_key
    where not orders.is_completed

),

events as (

    select * from sold
    union all
    select * from refunded

),

final as (

    select
        activity_date,
        channel,
        campaign_id,
        sum(conversion_count) as conversion_count,
        sum(new_customer_count) as new_customer_count,
        sum(repeat_order_count) as repeat_order_count,
        sum(known_order_count) as known_order_count,
        sum(revenue_amount) as revenue_amount,
        coalesce(sum(margin_amount), 0) as margin_amount,
        sum(unknown_margin_count) as unknown_margin_count,
        sum(refund_count) as refund_count,
        sum(refund_amount) as refund_amount,
        count(time_to_conversion_s) as journey_conversion_count,
        coalesce(sum(time_to_conversion_s), 0) as time_to_conversion_s
    from events
    group by activity_date, channel, campaign_id

)

select * from final
