-- Grain: one row per (cutoff_at, person_id); as_of is the last cutoff.
select
    cutoff_at,
    person_id,
    anchor_identifier_key,
    is_known
from {{ ref('int_identity__persons_before') }}
union all
select distinct
    cutoff_at,
    person_id,
    anchor_identifier_key,
    is_known
from {{ ref('int_identity__clusters') }}
