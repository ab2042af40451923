-- Grain: one row per (cutoff_at, person_id); as_of is the last cutoff.
select * from {{ ref('int_identity__persons_before') }}
union all
select * from {{ at_as_of(ref('int_identity__persons')) }}
