-- Grain: one row per day (tenant's calendar) and channel with any activity, conversion or spend.
-- Activity counts on the day it happened, a conversion on the day of the order by last touch.
{%- set measures = [
    'touchpoint_count', 'automated_count', 'impression_count', 'send_count', 'delivery_count',
    'bounce_count', 'open_count', 'click_count', 'engagement_count', 'unsubscribe_count',
    'complaint_count', 'session_count', 'paid_impression_count', 'paid_click_count',
] %}
with

touch_counts as (

    select * from {{ ref('int_kpis__touch_counts_daily') }}

),

sessions as (

    select * from {{ ref('fct_sessions') }}

),

credits as (

    select * from {{ ref('credits') }}

),

channel_costs as (

    select * from {{ ref('int_kpis__channel_costs') }}

),

session_counts as (

    select
        {{ local_date('started_at') }} as activity_date,
        channel,
        count(*) as session_count
    from sessions
    group by activity_date, channel

),

conversions as (

    select
        {{ local_date('converted_at') }} as activity_date,
        channel,
        sum(credit) as conversion_count,
        sum(case when is_first_order then credit else 0 end) as new_customer_count,
        sum(revenue_credit) as revenue_amount
    from credits
    where model = 'last' and goal = 'order'
    group by activity_date, channel

),

days as (

    select
        activity_date,
        channel
    from touch_counts
    union
    select
        activity_date,
        channel
    from session_counts
    union
    select
        activity_date,
        channel
    from conversions
    union
    select
        cost_date as activity_date,
        channel
    from channel_costs

),

joined as (

    select
        days.activity_date,
        days.channel,
        {% for measure in measures %}
            cast(coalesce({{ measure }}, 0) as bigint) as {{ measure }},
        {% endfor %}
        coalesce(conversions.conversion_count, 0) as conversion_count,
        coalesce(conversions.new_customer_count, 0) as new_customer_count,
        coalesce(conversions.revenue_amount, 0) as revenue_amount,
        coalesce(channel_costs.cost_amount, 0) as cost_amount
    from days
    left join touch_counts
        on days.activity_date = touch_counts.activity_date
            and days.channel = touch_counts.channel
    left join session_counts
        on days.activity_date = session_counts.activity_date
            and days.channel = session_counts.channel
    left join conversions
        on days.activity_date = conversions.activity_date
            and days.channel = conversions.channel
    left join channel_costs
        on days.activity_date = channel_costs.cost_date
            and days.channel = channel_costs.channel

),

final as (

    select
        activity_date,
        channel,
        {% for measure in measures %}
            {{ measure }},
        {% endfor %}
        cast(conversion_count as double) as conversion_count,
        cast(new_customer_count as double) as new_customer_count,
        cast(revenue_amount as decimal(18, 4)) as revenue_amount,
        cast(cost_amount as decimal(18, 4)) as cost_amount,
        cast(revenue_amount as double) / nullif(cast(cost_amount as double), 0) as roas
    from joined

)

select * from final
