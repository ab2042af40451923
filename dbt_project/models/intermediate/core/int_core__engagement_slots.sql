-- Grain: one row per person, channel, attribution channel and local clock hour with an engagement.
-- Slots, not touches: forty page views of one evening are one visit to the web, not forty.
{% call touched() %}
    -- most of what a day brings was sent to somebody, and is no engagement
    select person_id from {{ changes(ref('fct_touchpoints')) }} where is_engagement
{% endcall %}
with

touchpoints as (

    {{ touched_rows(ref('fct_touchpoints')) }}

),

engagements as (

    select
        touchpoints.person_id,
        touchpoints.channel,
        touchpoints.attribution_channel,
        touchpoints.direction,
        touchpoints.occurred_at,
        touchpoints.loaded_at,
        {{ local_time('touchpoints.occurred_at', setting('timezone')) }} as local_at
    from touchpoints
    where
        touchpoints.person_id is not null
        and touchpoints.is_engagement

),

final as (

    select
        person_id,
        channel,
        attribution_channel,
        cast(local_at as date) as local_date,
        cast(extract(hour from local_at) as integer) as local_hour,
        count(*) as touch_count,
        min(case when direction = 'inbound' then occurred_at end) as first_inbound_at,
        max(occurred_at) as last_occurred_at,
        max(loaded_at) as last_loaded_at
    from engagements
    group by
        person_id,
        channel,
        attribution_channel,
        cast(local_at as date),
        cast(extract(hour from local_at) as integer)

)

select * from final
