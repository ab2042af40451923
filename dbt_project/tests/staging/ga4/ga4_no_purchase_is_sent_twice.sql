-- A warning, not an error: these purchase events were left out because they repeat one of the same
-- transaction (without a transaction id: of the same session). Many of them are a fault of the tag.
{{
    config(
        enabled='ga4' in env_var('CROSSWEAVE_SOURCES', '').split(','),
        severity='warn',
        meta={'dagster': {'ref': {'name': 'fct_orders'}}}
    )
}}
with

purchases as (

    select
        coalesce(
            {{ ga4_text('events.transaction_id') }},
            '(not set):' || events.user_pseudo_id || '.' || cast(events.ga_session_id as string)
        ) as order_id
    from {{ source('ga4', 'events') }} as events
    inner join {{ ref('ga4_events') }} as event_names
        on events.event_name = event_names.event_name
    where event_names.role = 'order'

)

select
    order_id,
    count(*) - 1 as repetition_count
from purchases
where order_id is not null
group by order_id
having count(*) > 1
