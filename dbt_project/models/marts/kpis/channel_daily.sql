-- Grain: one row per day (tenant's calendar) and channel with any activity, conversion, refund or
-- spend: the sum of its campaigns, and what only a channel has.
{%- set measures = kpi_measures() %}
{%- set counts = kpi_counts() %}
{%- set doubles = measures.credited %}
{%- set amounts = measures.sold_amounts + measures.cost_amounts + ['net_revenue_amount'] %}
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
