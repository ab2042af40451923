-- Grain: one row per day (tenant's calendar) and channel with any activity, conversion, refund or
-- spend: the sum of its campaigns, and what only a channel has.
{%- set counts = [
    'touchpoint_count', 'automated_count', 'impression_count', 'send_count', 'delivery_count',
    'bounce_count', 'open_count', 'click_count', 'engagement_count', 'unsubscribe_count',
    'complaint_count', 'session_count', 'paid_impression_count', 'paid_click_count',
    'cart_count', 'sign_up_count', 'store_visit_count', 'late_count', 'repeat_order_count',
    'known_order_count', 'unknown_margin_count', 'refund_count', 'journey_conversion_count',
    'time_to_conversion_s',
] %}
{%- set doubles = ['conversion_count', 'new_customer_count'] %}
{%- set amounts = [
    'revenue_amount', 'cost_amount', 'margin_amount', 'refund_amount', 'net_revenue_amount',
] %}
with

campaign_days as (

    select * from {{ ref('campaign_daily') }}

),

first_sessions as (

    -- whoever has no person is new every time
    select
        channel,
        {{ local_date('min(started_at)') }} as activity_date
    from {{ ref('fct_sessions') }}
    group by channel, coalesce(person_id, session_id)

),

first_session_counts as (

    select
        activity_date,
        channel,
        count(*) as first_session_count
    from first_sessions
    group by activity_date, channel

),

summed as (

    select
        activity_date,
        channel,
        {% for measure in counts + doubles %}
            sum({{ measure }}) as {{ measure }},
        {% endfor %}
    {% for measure in amounts %}
        sum({{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
    {% endfor %}
    from campaign_days
    group by activity_date, channel

),

completed as (

    select
        summed.*,
        summed.session_count - coalesce(first_session_counts.first_session_count, 0)
            as repeat_session_count
    from summed
    left join first_session_counts
        on summed.activity_date = first_session_counts.activity_date
            and summed.channel = first_session_counts.channel

),

final as (

    select
        completed.activity_date,
        completed.channel,
        {% for measure in counts + ['repeat_session_count'] %}
            cast(completed.{{ measure }} as bigint) as {{ measure }},
        {% endfor %}
        {% for measure in doubles %}
            completed.{{ measure }},
        {% endfor %}
        {% for measure in amounts %}
            cast(completed.{{ measure }} as decimal(18, 4)) as {{ measure }},
        {% endfor %}
        {{ ratio('completed.repeat_session_count', 'completed.session_count') }}
            as repeat_engagement_rate,
        {{ kpi_rates('completed') }}
    from completed

)

select * from final
