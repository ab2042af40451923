-- Grain: one row per touchpoint, in its current version.
{% call touched() %}
    select {{ row_key_text('version_key') }} as touchpoint_key
    from (
        select version_key from {{ changes(ref('int_contracts__touchpoints')) }}
        union
        select touch_key as version_key
        from {{ changes(ref('int_journeys__touchpoint_sessions')) }}
        union
        select touch_key as version_key from {{ changes(ref('int_core__click_landings')) }}
        union
        select version_key from {{ ref('int_contracts__touchpoints') }}
        where record_key in {{ touched_records() }}
    ) as changed
{% endcall %}
{%- set touched_versions -%}
    select {{ row_key_of_text('touchpoint_key') }} from {{ touched_values() }} as touched
{%- endset %}
with

touchpoints as (

    select * from {{ ref('int_contracts__touchpoints') }}
    where {{ in_slice('occurred_at') }}
    {% if is_increment() %} and version_key in ({{ touched_versions }}) {% endif %}

),

records as (

    select
        record_key,
        set_key,
        observed_at,
        loaded_at
    from {{ ref('int_identity__records') }}
    {% if is_increment() %} where record_key in (select record_key from touchpoints) {% endif %}
    {% call when_sliced() %}
    where record_key in (
            select record_key from {{ ref('int_contracts__touchpoints') }}
            where {{ in_slice('occurred_at') }}
        )
    {% endcall %}

),

set_persons as (

    select
        set_key,
        person_id,
        person_number,
        identifier_number
    from {{ ref('int_identity__set_persons') }}

),

ownership as (

    select * from {{ ref('int_identity__ownership') }}

),

former_owners as (

    select * from {{ ref('int_identity__former_owners') }}

),

touchpoint_sessions as (

    select * from {{ ref('int_journeys__touchpoint_sessions') }}
    {% if is_increment() %} where touch_key in (select version_key from touchpoints) {% endif %}
    {% call when_sliced() %}
    where touch_key in (
            select version_key from {{ ref('int_contracts__touchpoints') }}
            where {{ in_slice('occurred_at') }}
        )
    {% endcall %}

),

click_landings as (

    select * from {{ ref('int_core__click_landings') }}

),

channels as (

    select * from {{ ref('channels') }}

),

interactions as (

    select * from {{ ref('interactions') }}

),

rates as (

    select * from {{ ref('int_core__exchange_rates') }}

),

current_touchpoints as (

    select
        touchpoints.*,
        {{ surrogate_key(['source', 'touchpoint_id']) }} as touchpoint_key
    from touchpoints
    where touchpoints.superseded_at is null

),

final as (

    select
        current_touchpoints.touchpoint_key,
        current_touchpoints.touchpoint_id,
        current_touchpoints.source,
        current_touchpoints.record_id,
        {{ owner_columns() }},
        touchpoint_sessions.session_id,
        current_touchpoints.occurred_at,
        current_touchpoints.loaded_at,
        current_touchpoints.channel,
        current_touchpoints.source_channel,
        coalesce(current_touchpoints.source_channel, current_touchpoints.channel)
            as attribution_channel,
        coalesce(channels.channel_group, 'other') as channel_group,
        current_touchpoints.interaction,
        coalesce(interactions.direction, 'other') as direction,
        coalesce(interactions.is_engagement, false)
        and current_touchpoints.is_automated is not true as is_engagement,
        coalesce(current_touchpoints.is_automated, false) as is_automated,
        coalesce(interactions.intent_weight, 0) as intent_weight,
        click_landings.landed_by_touchpoint_key is not null as is_landing_duplicate,
        click_landings.landed_by_touchpoint_key,
        current_touchpoints.campaign_id,
        current_touchpoints.content_id,
        current_touchpoints.offer_id,
        current_touchpoints.message_id,
        current_touchpoints.decision_id,
        current_touchpoints.utm_source,
        current_touchpoints.utm_medium,
        current_touchpoints.utm_campaign,
        current_touchpoints.page_path,
        current_touchpoints.product_id,
        current_touchpoints.location_id,
        current_touchpoints.device_category,
        current_touchpoints.event_id,
        current_touchpoints.referral_code,
        current_touchpoints.cart_id,
        current_touchpoints.quantity,
        cast(current_touchpoints.value_amount * rates.rate as decimal(18, 4)) as value_amount,
        cast(current_touchpoints.cost_amount * rates.rate as decimal(18, 4)) as cost_amount,
        current_touchpoints.currency as original_currency,
        current_touchpoints.consent_state
    from current_touchpoints
    left join records
        on current_touchpoints.record_key = records.record_key
    left join set_persons
        on records.set_key = set_persons.set_key
    left join ownership
        on {{ owned_at('set_persons', 'records.observed_at') }}
    left join former_owners
        on {{ known_owner_at('set_persons', 'records.loaded_at') }}
    left join touchpoint_sessions
        on current_touchpoints.version_key = touchpoint_sessions.touch_key
    left join click_landings
        on current_touchpoints.version_key = click_landings.touch_key
    left join channels
        on current_touchpoints.channel = channels.channel
    left join interactions
        on current_touchpoints.interaction = interactions.interaction
    left join rates
        on current_touchpoints.currency = rates.from_currency
            and current_touchpoints.occurred_at >= rates.valid_from
            and current_touchpoints.occurred_at < rates.valid_before

)

select * from final
