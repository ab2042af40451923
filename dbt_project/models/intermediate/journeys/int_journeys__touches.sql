-- Grain: one row per touch: an engaged inbound interaction of a person that may earn credit.
-- Left out: what machines did, opens (mail clients open by themselves), and the visit that a click
-- landed (the click and its visit are one touch). Touches of nobody cannot be put into a journey.
{%- set in_order %}
over (
            partition by person_id order by occurred_at, source_priority, touchpoint_id, source
        )
{%- endset %}
{% call touched() %}
    select person_id from {{ changes(ref('int_journeys__session_touches')) }}
{% endcall %}
with

session_touches as (

    {{ touched_rows(ref('int_journeys__session_touches')) }}

),

source_priorities as (

    select * from {{ ref('source_priorities') }}

),

eligible as (

    select
        session_touches.*,
        coalesce(source_priorities.priority, 100) as source_priority
    from session_touches
    left join source_priorities
        on session_touches.source = source_priorities.source
    where
        session_touches.person_id is not null
        and not session_touches.is_landing_duplicate

),

final as (

    select
        touch_key,
        person_id,
        occurred_at,
        attribution_channel as channel,
        -- the total order of a person's touches: time, source priority, id
        row_number() {{ in_order }} as touch_number,
        lag(occurred_at) {{ in_order }} as previous_at
    from eligible

)

select * from final
