-- Grain: one row per funnel, step and event of a person that is of the step's kind.
-- Machines do nothing; the visit that a click landed does not stand between steps: it is the click.
-- Persons are numbers: two million ids and keys of 32 characters would be half of what is written.
{% call touched() %}
    select {{ person_number('person_id') }} as person_number
    from (
        select person_id from {{ changes(ref('fct_touchpoints')) }}
        union all
        {{ touched_owners('orders') }}
    ) as touched_persons
{% endcall %}
with

touchpoints as (

    {{ touched_rows(ref('fct_touchpoints'), person_number('person_id')) }}

),

orders as (

    {{ touched_rows(ref('fct_orders'), person_number('person_id')) }}

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
        {{ person_number('touchpoints.person_id') }} as person_number,
        touchpoints.occurred_at,
        touchpoints.attribution_channel as channel,
        touchpoints.campaign_id,
        touchpoints.device_category
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
        {{ person_number('order_actions.person_id') }} as person_number,
        order_actions.ordered_at as occurred_at,
        order_actions.channel,
        cast(null as {{ string_type() }}) as campaign_id,
        cast(null as {{ string_type() }}) as device_category
    from order_actions
    inner join kinds
        on order_actions.interaction = kinds.interaction
    where order_actions.channel = coalesce(kinds.channel, order_actions.channel)

),

final as (

    select * from touch_events
    union all
    select * from order_events

)

select * from final
