-- Grain: one row per day (tenant's calendar), channel and campaign with any activity, conversion,
-- refund or spend; '(none)' is what belongs to no campaign, so that campaigns sum to their channel.
{%- set touch_measures = [
    'touchpoint_count', 'automated_count', 'impression_count', 'send_count', 'delivery_count',
    'bounce_count', 'open_count', 'click_count', 'engagement_count', 'unsubscribe_count',
    'complaint_count', 'cart_count', 'sign_up_count', 'store_visit_count', 'late_count',
] %}
{%- set sold_counts = [
    'repeat_order_count', 'known_order_count', 'unknown_margin_count', 'refund_count',
    'journey_conversion_count', 'time_to_conversion_s',
] %}
{%- set cost_counts = ['paid_impression_count', 'paid_click_count'] %}
{%- set counts = touch_measures + ['session_count'] + cost_counts + sold_counts %}
{%- set doubles = ['conversion_count', 'new_customer_count'] %}
{%- set amounts = ['revenue_amount', 'margin_amount', 'refund_amount', 'cost_amount'] %}
{%- set parts = {
    'touch_days': touch_measures,
    'sessions': ['session_count'],
    'credited_days': doubles + sold_counts + amounts[:3],
    'campaign_costs': cost_counts + amounts[3:],
} %}
with

touch_days as (

    select
        *,
        attribution_channel as credited_channel
    from {{ ref('int_kpis__touch_days') }}

),

sessions as (

    select
        {{ local_date('started_at') }} as activity_date,
        channel as credited_channel,
        campaign_id,
        count(*) as session_count
    from {{ ref('fct_sessions') }}
    group by activity_date, credited_channel, campaign_id

),

credited_days as (

    select
        *,
        channel as credited_channel
    from {{ ref('int_kpis__credited_days') }}

),

campaign_costs as (

    select
        *,
        cost_date as activity_date,
        channel as credited_channel
    from {{ ref('int_kpis__campaign_costs') }}

),

campaigns as (

    select * from {{ ref('dim_campaigns') }}

),

parts as (

    {% for part, measures in parts.items() %}
        select
            activity_date,
            credited_channel as channel,
            {% for measure in counts %}
                cast({{ measure if measure in measures else 0 }} as bigint) as {{ measure }},
            {% endfor %}
            {% for measure in doubles %}
                cast({{ measure if measure in measures else 0 }} as double) as {{ measure }},
            {% endfor %}
            {% for measure in amounts %}
                cast({{ measure if measure in measures else 0 }} as decimal(18, 4))
                    as {{ measure }},
            {% endfor %}
            coalesce(campaign_id, '(none)') as campaign_id
        from {{ part }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

summed as (

    select
        activity_date,
        channel,
        campaign_id,
        {% for measure in counts + doubles %}
            sum({{ measure }}) as {{ measure }},
        {% endfor %}
    {% for measure in amounts %}
        sum({{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
    {% endfor %}
    from parts
    group by activity_date, channel, campaign_id

),

final as (

    select
        summed.activity_date,
        summed.channel,
        summed.campaign_id,
        campaigns.name as campaign_name,
        {% for measure in counts %}
            cast(summed.{{ measure }} as bigint) as {{ measure }},
        {% endfor %}
        {% for measure in doubles %}
            summed.{{ measure }},
        {% endfor %}
        {% for measure in amounts %}
            cast(summed.{{ measure }} as decimal(18, 4)) as {{ measure }},
        {% endfor %}
        cast(summed.revenue_amount + summed.refund_amount as decimal(18, 4)) as net_revenue_amount,
        {{ kpi_rates('summed') }}
    from summed
    left join campaigns
        on summed.campaign_id = campaigns.campaign_id

)

select * from final
