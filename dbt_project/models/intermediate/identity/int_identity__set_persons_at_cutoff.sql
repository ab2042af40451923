-- Grain: one row per (cutoff_at, set_key); as_of is the last cutoff.
select
    cutoff_at,
    set_key,
    person_id
from {{ ref('int_identity__set_persons_before') }}
union all
select
    {{ as_of() }} as cutoff_at,
    set_key,
    person_id
from {{ ref('int_identity__set_persons') }}
