-- Grain: one row per decision of a steward: those of the seed, and those made by command.
select
    rule_id,
    rule,
    identifier_key_a,
    identifier_key_b
from {{ ref('manual_rules') }}
union all
select
    rule_id,
    rule,
    identifier_key_a,
    identifier_key_b
from {{ source('ops', 'manual_rules') }}
