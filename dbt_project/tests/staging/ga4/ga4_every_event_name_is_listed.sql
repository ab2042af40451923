-- A warning, not an error: events that the seed ga4_events does not list become nothing. List them
-- in tenant.yml (overrides.ga4_events), as a touch or as none.
{{
    config(
        enabled='ga4' in env_var('CROSSWEAVE_SOURCES', '').split(','),
        severity='warn',
        meta={'dagster': {'ref': {'name': 'fct_touchpoints'}}}
    )
}}
select
    events.event_name,
    count(*) as event_count
from {{ source('ga4', 'events') }} as events
left join {{ ref('ga4_events') }} as event_names
    on events.event_name = event_names.event_name
where event_names.event_name is null
group by events.event_name
