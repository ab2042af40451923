-- Grain: one row per model, month (tenant's calendar, by conversion), channel and campaign:
-- orders.
with

touch_credits as (

    select * from {{ ref('int_attribution__touch_credits') }}

),

models as (

    {{ attribution_model_rows() }}

),

summed as (

    select
        {{ month_start(local_time('converted_at', setting('timezone'))) }} as period_start,
        channel,
        campaign_id,
    {% for model in attribution_models() %}
        sum({{ model }}_credit) as {{ model }}_conversions,
        sum(cast({{ model }}_revenue_units as {{ wide_integer_type() }}))
            as {{ model }}_revenue_units,
        sum(case when is_first_order then {{ model }}_credit else 0 end)
            as {{ model }}_new_customers{{ ',' if not loop.last }}
    {% endfor %}
    from touch_credits
    where goal = 'order'
    group by period_start, channel, campaign_id

),

split as (

    select
        models.model,
        summed.period_start,
        summed.channel,
        summed.campaign_id,
        {{ attribution_of_model('summed', 'conversions') }} as conversions,
        {{ attribution_of_model('summed', 'revenue_units') }} as revenue_units,
        {{ attribution_of_model('summed', 'new_customers') }} as new_customers
    from summed
    cross join models

),

final as (

    select
        model,
        period_start,
        channel,
        campaign_id,
        cast(conversions as double) as conversions,
        cast(revenue_units as decimal(28, 0)) as revenue_units,
        cast(new_customers as double) as new_customers
    from split
    where conversions > 0

)

select * from final
