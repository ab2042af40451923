-- Grain: one row per conversion and touch, with credit and revenue by every model that splits
-- credit per conversion; a conversion without a touch has one row with the channel
-- '(unattributed)'. Wide: attribution.credits shows a row per model; as a table it would be seven
-- times as long. Revenue is in whole units of 1e-9, and the last touch takes what rounding left:
-- shares add up exactly.
{%- set models = attribution_models() %}
{%- set sharing_models = models | reject('in', ['first', 'last', 'last_non_direct']) | list %}
{% call touched() %}
    select conversion_key from {{ changes(ref('int_journeys__conversions')) }}
    union all
    select conversion_key from {{ changes(ref('int_attribution__weights')) }}
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

credited as (

    select
        conversions.conversion_key,
        conversions.goal,
        conversions.order_key,
        conversions.order_id,
        conversions.source,
        conversions.person_id,
        conversions.converted_at,
        conversions.is_first_order,
        weights.touch_key,
        cast(conversions.revenue_amount * 10000 as bigint) * 100000 as revenue_units,
    {% for model in models %}
        case when weights.conversion_key is null then 1 else weights.{{ model }}_credit end
            as {{ model }}_credit{{ ',' if not loop.last }}
    {% endfor %}
    from conversions
    left join weights
        on conversions.conversion_key = weights.conversion_key

),

shared as (

    select
        *,
    {% for model in sharing_models %}
        cast(round({{ model }}_credit * cast(revenue_units as double)) as bigint)
            as {{ model }}_share{{ ',' if not loop.last }}
    {% endfor %}
    from credited

),

summed as (

    select
        conversion_key as summed_key,
    {% for model in sharing_models %}
        cast(sum({{ model }}_share) as bigint) as {{ model }}_shares{{ ',' if not loop.last }}
    {% endfor %}
    from shared
    group by conversion_key

),

final as (

    select
        shared.conversion_key,
        shared.goal,
        shared.order_key,
        shared.order_id,
        shared.source,
        shared.person_id,
        shared.converted_at,
        shared.is_first_order,
        case
            when touches.touch_key is not null
                then {{ surrogate_key(['touches.source', 'touches.touchpoint_id']) }}
        end as touchpoint_key,
        touches.touchpoint_id,
        touches.source as touchpoint_source,
        coalesce(touches.attribution_channel, '(unattributed)') as channel,
        touches.campaign_id,
        {% for model in models %}
            shared.{{ model }}_credit,
        {% endfor %}
        {% for model in ['first', 'last', 'last_non_direct'] %}
            case when shared.{{ model }}_credit = 1 then shared.revenue_units else 0 end
                as {{ model }}_revenue_units,
        {% endfor %}
    {% for model in sharing_models %}
        shared.{{ model }}_share + case
            when shared.last_credit = 1 then shared.revenue_units - summed.{{ model }}_shares
            else 0
        end as {{ model }}_revenue_units{{ ',' if not loop.last }}
    {% endfor %}
    from shared
    inner join summed
        on shared.conversion_key = summed.summed_key
    left join touches
        on shared.touch_key = touches.touch_key

)

select * from final
