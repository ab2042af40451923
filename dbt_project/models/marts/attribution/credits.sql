-- Grain: one row per conversion, touch and model; a conversion without a touch has one row with the
-- channel '(unattributed)', so that totals reconcile.
{% call touched() %}
    select conversion_key from {{ changes(ref('int_journeys__conversions')) }}
    union all
    select conversion_key from {{ ref('int_journeys__conversions') }}
    where person_id in (select person_id from {{ changes(ref('int_journeys__session_touches')) }})
{% endcall %}
with

weights as (

    {{ touched_rows(ref('int_attribution__weights')) }}

),

touches as (

    select * from {{ ref('int_journeys__session_touches') }}

),

conversions as (

    {{ touched_rows(ref('int_journeys__conversions')) }}

),

models as (

    {{ attribution_model_rows() }}

),

converted as (

    select distinct conversion_key from weights

),

credited as (

    select
        model,
        conversion_key,
        touch_key,
        touch_position,
        credit
    from weights
    union all
    select
        models.model,
        conversions.conversion_key,
        null as touch_key,
        1 as touch_position,
        cast(1 as double) as credit
    from conversions
    cross join models
    left join converted
        on conversions.conversion_key = converted.conversion_key
    where converted.conversion_key is null

),

counted as (

    -- whole units of 1e-15, whose sum is the same in every order of adding and on every engine
    select
        *,
        cast(round(credit * 1e15) as bigint) as units
    from credited

),

accumulated as (

    select
        *,
        sum(units) over (
            partition by model, conversion_key order by touch_position
            rows between unbounded preceding and current row
        ) as units_so_far,
        lead(touch_position) over (
            partition by model, conversion_key order by touch_position
        ) is null as is_last
    from counted

),

shared as (

    -- twelve digits, and the running sum is rounded, not each share: shares are good to 1e-12 and
    -- add up to the order exactly
    select
        accumulated.model,
        accumulated.conversion_key,
        accumulated.touch_key,
        accumulated.credit,
        conversions.goal,
        conversions.order_key,
        conversions.order_id,
        conversions.source,
        conversions.person_id,
        conversions.converted_at,
        conversions.is_first_order,
        case
            when accumulated.is_last then cast(conversions.revenue_amount as decimal(37, 12))
            else {{ attribution_share('conversions.revenue_amount', 'accumulated.units_so_far') }}
        end as revenue_so_far,
        {{ attribution_share(
            'conversions.revenue_amount', 'accumulated.units_so_far - accumulated.units'
        ) }} as revenue_before
    from accumulated
    inner join conversions
        on accumulated.conversion_key = conversions.conversion_key

),

named as (

    select
        shared.*,
        touches.touchpoint_id,
        touches.source as touchpoint_source,
        touches.campaign_id,
        case
            when touches.touch_key is not null
                then {{ surrogate_key(['touches.source', 'touches.touchpoint_id']) }}
        end as touchpoint_key,
        coalesce(touches.attribution_channel, '(unattributed)') as channel
    from shared
    left join touches
        on shared.touch_key = touches.touch_key

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
        cast(revenue_so_far - revenue_before as decimal(38, 12)) as revenue_credit
    from named

)

select * from final
