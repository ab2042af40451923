-- Grain: one row per identity event.
-- depends on: {{ ref('int_identity__names') }}, which appends them
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
