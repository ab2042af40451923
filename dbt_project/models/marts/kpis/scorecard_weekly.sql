-- Grain: one row per week (Monday to Sunday, tenant's calendar) and KPI of the seed `kpi_goals`.
-- A rate is a quotient of the week's sums; one unknown part makes it unknown, not smaller.
{%- set flat_within = 0.02 %}
with

days as (

    select
        *,
        cast(date_trunc('week', activity_date) as date) as week_start
    from {{ ref('business_daily') }}

),

kpi_goals as (

    select * from {{ ref('kpi_goals') }}

),

weeks as (

    select
        week_start,
        cast(sum(missing_source_count) as bigint) as missing_source_day_count,
        cast(sum(case when is_empty then 1 else 0 end) as bigint) as empty_day_count,
        cast(sum(late_count) as bigint) as late_count,
        sum(case when is_complete then 1 else 0 end) = 7 as is_mature
    from days
    group by week_start

),

measures as (

    {% for measure in scorecard_measures() %}
        select
            week_start,
            '{{ measure }}' as measure,
            case when count(*) = count({{ measure }}) then cast(sum({{ measure }}) as double) end
                as amount
        from days
        group by week_start
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

valued as (

    select
        weeks.*,
        kpi_goals.*,
        numerators.amount as numerator_amount,
        denominators.amount as denominator_amount,
        case
            when kpi_goals.denominator is null then numerators.amount
            else numerators.amount / nullif(denominators.amount, 0)
        end as value
    from weeks
    cross join kpi_goals
    left join measures as numerators
        on weeks.week_start = numerators.week_start
            and kpi_goals.numerator = numerators.measure
    left join measures as denominators
        on weeks.week_start = denominators.week_start
            and kpi_goals.denominator = denominators.measure

),

compared as (

    select
        *,
        lag(value) over (partition by kpi order by week_start) as previous_value,
        avg(case when is_mature then value end) over (
            partition by kpi order by week_start rows between 4 preceding and 1 preceding
        ) as four_week_mean
    from valued

),

aimed as (

    select
        *,
        case
            when target_basis = 'four_week_mean' then four_week_mean * (1 + cast(target as double))
            else cast(target as double)
        end as target_value,
        (value - previous_value) / nullif(abs(previous_value), 0) as change_rate,
        (value - four_week_mean) / nullif(abs(four_week_mean), 0) as change_to_mean_rate,
        case when direction = 'up' then 1 else -1 end as sign
    from compared

),

final as (

    select
        week_start,
        cast({{ add_time('cast(week_start as timestamp)', 6, 'day') }} as date) as week_end,
        kpi,
        label,
        business_goal,
        kind,
        direction,
        unit,
        owner,
        value,
        numerator_amount,
        denominator_amount,
        target_value,
        previous_value,
        change_rate,
        four_week_mean,
        change_to_mean_rate,
        case
            when change_to_mean_rate is null then 'unknown'
            when abs(change_to_mean_rate) <= {{ flat_within }} then 'flat'
            when change_to_mean_rate * sign > 0 then 'better'
            else 'worse'
        end as trend,
        case
            when value is null then 'no_data'
            when not is_mature then 'immature'
            when target_value is null then 'no_target'
            when (value - target_value) * sign >= 0 then 'on_track'
            when (value - target_value) * sign >= -cast(tolerance as double) * abs(target_value)
                then 'at_risk'
            else 'off_track'
        end as status,
        is_mature,
        empty_day_count,
        missing_source_day_count,
        late_count
    from aimed

)

select * from final
