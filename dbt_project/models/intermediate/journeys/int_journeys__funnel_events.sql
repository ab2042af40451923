-- Grain: one row per funnel, step and event of a person that is of the step's kind.
-- Machines do nothing; the visit that a click landed does not stand between steps: it is the click.
{% call touched() %}
    select person_id from {{ changes(ref('fct_touchpoints')) }}
    union all
    {{ touched_owners('orders') }}
{% endcall %}
with

touchpoints as (

    {{ touched_rows(ref('fct_touchpoints')) }}

),

orders as (

    {{ touched_rows(ref('fct_orders')) }}

),

kinds as (

    select * from {{ ref('int_journeys__funnel_kinds') }}

),

touch_events as (

    select
        kinds.funnel_number,
        kinds.mode,
        kinds.window_s,
        kinds.step_number,
        touchpoints.person_id,
        touchpoints.occurred_at,
        touchpoints.attribution_channel as channel,
        touchpoints.campaign_id,
        touchpoints.device_category,
        touchpoints.touchpoint_key as event_key
    from touchpoints
    inner join kinds
        on touchpoints.interaction = kinds.interaction
    where
        touchpoints.person_id is not null
        and not touchpoints.is_automated
        and touchpoints.channel = coalesce(kinds.channel, touchpoints.channel)
        and not (kinds.is_other and touchpoints.is_landing_duplicate)

),

order_actions as (

    select
        *,
        case when is_first_order then 'first_order' else 'repeat_order' end as interaction
    from orders
    where
        status = 'completed'
        and person_id is not null

),

order_events as (

    select
        kinds.funnel_number,
        kinds.mode,
        kinds.window_s,
        kinds.step_number,
        order_actions.person_id,
        order_actions.ordered_at as occurred_at,
        order_actions.channel,
        cast(null as {{ string_type() }}) as campaign_id,
        cast(null as {{ string_type() }}) as device_category,
        order_actions.order_key as event_key
    from order_actions
    inner join kinds
        on order_actions.interaction = kinds.interaction
    where order_actions.channel = coalesce(kinds.channel, order_actions.channel)

),

unioned as (

    select * from touch_events
    union all
    select * from order_events

),

final as (

    select
        unioned.*,
        {{ person_number('person_id') }} as person_number
    from unioned

)

select * from final
