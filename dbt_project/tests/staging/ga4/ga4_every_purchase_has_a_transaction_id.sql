-- A warning, not an error: purchases without a transaction id are kept as one order per session.
-- Their number is what the tag should be mended for.
{{
    config(
        enabled='ga4' in env_var('CROSSWEAVE_SOURCES', '').split(','),
        severity='warn',
        meta={'dagster': {'ref': {'name': 'fct_orders'}}}
    )
}}
select
    events.user_pseudo_id,
    events.ga_session_id,
    events.occurred_at
from {{ source('ga4', 'events') }} as events
inner join {{ ref('ga4_events') }} as event_names
    on events.event_name = event_names.event_name
where
    event_names.role = 'order'
    and {{ ga4_text('events.transaction_id') }} is null
