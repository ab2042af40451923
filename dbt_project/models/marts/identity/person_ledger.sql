-- Grain: one row per identity event.
-- depends on: {{ ref('int_identity__names') }}, which appends them
{% call touched() %}
    select event_id from {{ source('ops', 'person_events') }}
    where event_id not in (select event_id from {{ this }})
{% endcall %}
select
    event_id,
    event,
    person_id,
    other_person_id,
    effective_at,
    detected_at,
    cause_edge_id,
    rule_version,
    run_id
from {{ source('ops', 'person_events') }}
where {{ is_touched('event_id') }}
