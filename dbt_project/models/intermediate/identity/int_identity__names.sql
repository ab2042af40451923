-- Grain: one row per identifier_number that links, with the id of its person.
-- State: what this table held before says who was who (macros/stable_ids.sql).
-- depends on: {{ ref('int_identity__keys') }}, {{ ref('int_identity__edges') }},
-- {{ source('ops', 'settings') }}
select
    identifier_number,
    anchor_number,
    scope = 'person' as is_strong,
    first_seen_at,
    first_loaded_at
from {{ ref('int_identity__groups') }}
