-- Grain: one row per conversion, touch and model that gives the touch credit; a conversion without
-- a touch has one row per model with the channel '(unattributed)', so that totals reconcile.
-- What it shows is stored once, a row per conversion and touch: int_attribution__touch_credits.
with

touch_credits as (

    select * from {{ ref('int_attribution__touch_credits') }}

),

models as (

    {{ attribution_model_rows() }}

),

split as (

    select
        models.model,
        touch_credits.*,
        {{ attribution_of_model('touch_credits', 'credit') }} as credit,
        {{ attribution_of_model('touch_credits', 'revenue_units') }} as revenue_units
    from touch_credits
    cross join models

),

final as (

    select
        {{ surrogate_key(['model', 'conversion_key', 'touchpoint_key']) }} as credit_key,
        model,
        order_key,
        order_id,
        source,
        touchpoint_key,
        touchpoint_id,
        touchpoint_source,
        person_id,
        channel,
        campaign_id,
        goal,
        conversion_key,
        converted_at,
        is_first_order,
        credit,
        {{ attribution_revenue('revenue_units') }} as revenue_credit
    from split
    where credit > 0

)

select * from final
