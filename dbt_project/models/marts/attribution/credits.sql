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

attributed as (

    select
        weights.model,
        weights.conversion_key,
        {{ surrogate_key(['touches.source', 'touches.touchpoint_id']) }} as touchpoint_key,
        touches.touchpoint_id,
        touches.source as touchpoint_source,
        touches.attribution_channel as channel,
        touches.campaign_id,
        weights.touch_position,
        weights.credit
    from weights
    inner join touches
        on weights.touch_key = touches.touch_key

),

converted as (

    select distinct conversion_key from weights

),

unattributed as (

    select
        models.model,
        conversions.conversion_key,
        cast(null as {{ string_type() }}) as touchpoint_key,
        cast(null as {{ string_type() }}) as touchpoint_id,
        cast(null as {{ string_type() }}) as touchpoint_source,
        '(unattributed)' as channel,
        cast(null as {{ string_type() }}) as campaign_id,
        cast(1 as bigint) as touch_position,
        cast(1 as double) as credit
    from conversions
    cross join models
    left join converted
        on conversions.conversion_key = converted.conversion_key
    where converted.conversion_key is null

),

credited as (

    select * from attributed
    union all
    select * from unattributed

),

accumulated as (

    select
        *,
        -- whole units of 1e-15, whose sum is the same in every order of adding and on every engine
        sum(cast(round(credit * 1e15) as bigint)) over (
            partition by model, conversion_key order by touch_position
            rows between unbounded preceding and current row
        ) as units_so_far,
        max(touch_position) over (partition by model, conversion_key) as last_position
    from credited

),

rounded as (

    -- twelve digits, and the running sum is rounded, not each share: shares are good to 1e-12 and
    -- add up to the order exactly
    select
        accumulated.*,
        conversions.goal,
        conversions.order_key,
        conversions.order_id,
        conversions.source,
        conversions.person_id,
        conversions.converted_at,
        conversions.is_first_order,
        case
            when accumulated.touch_position = accumulated.last_position
                then cast(conversions.revenue_amount as decimal(37, 12))
            else
                cast(
                    cast(accumulated.units_so_far / 1e15 as decimal(16, 15))
                    * cast(conversions.revenue_amount as decimal(18, 4))
                    as decimal(37, 12)
                )
        end as revenue_so_far
    from accumulated
    inner join conversions
        on accumulated.conversion_key = conversions.conversion_key

),

shared as (

    select
        *,
        coalesce(
            lag(revenue_so_far) over (
                partition by model, conversion_key order by touch_position
            ),
            0
        ) as revenue_before
    from rounded

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
    from shared

)

select * from final
