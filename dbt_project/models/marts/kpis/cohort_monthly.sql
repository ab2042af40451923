-- Grain: one row per cohort (month of the first completed order) and month since then, up to as_of.
{%- set predicted_ltv_score = 'ltv_365d' %}
with

customer_months as (

    select * from {{ ref('int_kpis__customer_months') }}

),

channel_costs as (

    select * from {{ ref('int_kpis__channel_costs') }}

),

scores as (

    select * from {{ ref('scores') }}
    where score_name = '{{ predicted_ltv_score }}' and is_current

),

numbers as (

    {{ numbers_below_thousand() }}

),

today as (

    select {{ local_time(as_of(), setting('timezone')) }} as local_as_of

),

cohorts as (

    select
        cohort_month,
        count(distinct person_id) as customer_count
    from customer_months
    group by cohort_month

),

customers as (

    select distinct
        person_id,
        cohort_month
    from customer_months

),

predictions as (

    select
        customers.cohort_month,
        count(*) as predicted_customer_count,
        avg(scores.score) as predicted_ltv_amount
    from customers
    inner join scores
        on customers.person_id = scores.person_id
    group by customers.cohort_month

),

dated_costs as (

    select
        {{ month_start('cost_date') }} as cost_month,
        cost_amount
    from channel_costs

),

monthly_spend as (

    select
        cost_month,
        sum(cost_amount) as cost_amount
    from dated_costs
    group by cost_month

),

spine as (

    select
        cohorts.cohort_month,
        cohorts.customer_count,
        monthly_spend.cost_amount as acquisition_cost_amount,
        numbers.number as months_since,
        cast(
            {{ add_time('cast(cohorts.cohort_month as timestamp)', 'numbers.number', 'month') }}
            as date
        ) as activity_month,
        today.local_as_of
    from cohorts
    cross join today
    inner join numbers
        on numbers.number
            <= {{ months_between_starts('cohorts.cohort_month', 'today.local_as_of') }}
    left join monthly_spend
        on cohorts.cohort_month = monthly_spend.cost_month

),

activity as (

    select
        cohort_month,
        order_month,
        sum(case when order_count > 0 then 1 else 0 end) as retained_count,
        sum(order_count) as order_count,
        sum(revenue_amount) as revenue_amount,
        sum(margin_amount) as margin_amount
    from customer_months
    group by cohort_month, order_month

),

monthly as (

    select
        spine.*,
        coalesce(activity.retained_count, 0) as retained_count,
        coalesce(activity.order_count, 0) as order_count,
        coalesce(activity.revenue_amount, 0) as revenue_amount,
        coalesce(activity.margin_amount, 0) as margin_amount,
        {{ add_time('cast(spine.activity_month as timestamp)', 1, 'month') }} <= spine.local_as_of
            as is_mature
    from spine
    left join activity
        on spine.cohort_month = activity.cohort_month
            and spine.activity_month = activity.order_month

),

accumulated as (

    select
        *,
        sum(revenue_amount) over (
            partition by cohort_month order by months_since
            rows between unbounded preceding and current row
        ) as cumulative_revenue_amount,
        sum(margin_amount) over (
            partition by cohort_month order by months_since
            rows between unbounded preceding and current row
        ) as cumulative_margin_amount
    from monthly

),

per_customer as (

    select
        *,
        case when is_mature then cast(cumulative_margin_amount as double) / customer_count end
            as ltv_amount,
        cast(nullif(acquisition_cost_amount, 0) as double) / customer_count as cac_amount
    from accumulated

),

final as (

    select
        per_customer.cohort_month,
        cast(months_since as integer) as months_since,
        activity_month,
        cast(customer_count as bigint) as customer_count,
        cast(retained_count as bigint) as retained_count,
        cast(retained_count as double) / customer_count as retention_rate,
        cast(order_count as bigint) as order_count,
        cast(revenue_amount as decimal(18, 4)) as revenue_amount,
        cast(margin_amount as decimal(18, 4)) as margin_amount,
        cast(cumulative_revenue_amount as decimal(18, 4)) as cumulative_revenue_amount,
        cast(cumulative_margin_amount as decimal(18, 4)) as cumulative_margin_amount,
        ltv_amount,
        cac_amount,
        cast(
            min(case when ltv_amount >= cac_amount then months_since end) over (
                partition by per_customer.cohort_month
            ) as integer
        ) as payback_months,
        is_mature,
        cast(coalesce(predictions.predicted_customer_count, 0) as bigint)
            as predicted_customer_count,
        predictions.predicted_ltv_amount
    from per_customer
    left join predictions
        on per_customer.cohort_month = predictions.cohort_month

)

select * from final
