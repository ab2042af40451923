-- A scorecard that is computed apart soon tells another story than the reports: every week of it
-- has the orders, net revenue, spend and ROAS of channel_daily, and every KPI that has a goal.
{{ config(meta={'dagster': {'ref': {'name': 'scorecard_weekly'}}}) }}
with

weekly as (

    select
        cast(date_trunc('week', activity_date) as date) as week_start,
        sum(conversion_count) as orders,
        cast(sum(net_revenue_amount) as double) as revenue,
        cast(sum(cost_amount) as double) as spend,
        cast(sum(case when channel <> '(unattributed)' then revenue_amount else 0 end) as double)
        / nullif(cast(sum(cost_amount) as double), 0) as roas
    from {{ ref('channel_daily') }}
    group by week_start

),

expected as (

    {% for kpi in ['orders', 'revenue', 'spend', 'roas'] %}
        select
            week_start,
            '{{ kpi }}' as kpi,
            {{ kpi }} as value
        from weekly
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

scorecard as (

    select
        scorecard_weekly.week_start,
        scorecard_weekly.kpi,
        scorecard_weekly.value
    from {{ ref('scorecard_weekly') }} as scorecard_weekly
    inner join {{ ref('kpi_goals') }} as kpi_goals
        on scorecard_weekly.kpi = kpi_goals.kpi
    where kpi_goals.kpi in ('orders', 'revenue', 'spend', 'roas')

),

different as (

    select
        expected.week_start,
        expected.kpi,
        expected.value
    from expected
    inner join scorecard
        on expected.kpi = scorecard.kpi
            and expected.week_start = scorecard.week_start
    where
        (
            expected.value = scorecard.value
            or (expected.value is null and scorecard.value is null)
        ) is not true

),

missing as (

    select
        expected.week_start,
        kpi_goals.kpi,
        cast(null as double) as value
    from expected
    cross join {{ ref('kpi_goals') }} as kpi_goals
    left join {{ ref('scorecard_weekly') }} as scorecard_weekly
        on expected.week_start = scorecard_weekly.week_start
            and kpi_goals.kpi = scorecard_weekly.kpi
    where scorecard_weekly.kpi is null

)

select * from different
union all
select * from missing
