-- Grain: one row per day (tenant's calendar), channel and campaign with any activity, conversion,
-- refund or spend; '(none)' is what belongs to no campaign, so that campaigns sum to their channel.
{%- set measures = kpi_measures() %}
{%- set counts = kpi_counts() %}
{%- set doubles = measures.credited %}
{%- set amounts = measures.sold_amounts + measures.cost_amounts %}
{%- set parts = {
    'touch_days': measures.touches,
    'sessions': measures.sessions,
    'credited_days': doubles + measures.sold + measures.sold_amounts,
    'campaign_costs': measures.costs + measures.cost_amounts,
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

    {% for part, own in parts.items() %}
        select
            activity_date,
            credited_channel as channel,
            {% for measure in counts %}
                cast({{ measure if measure in own else 0 }} as bigint) as {{ measure }},
            {% endfor %}
            {% for measure in doubles %}
                cast({{ measure if measure in own else 0 }} as double) as {{ measure }},
            {% endfor %}
            {% for measure in amounts %}
                cast({{ measure if measure in own else 0 }} as decimal(18, 4))
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
