-- Grain: one row per (cutoff_at, record_key) of records known then.
select
    set_persons.cutoff_at,
    records.record_key,
    set_persons.person_id
from {{ ref('int_identity__records') }} as records
inner join {{ ref('int_identity__set_persons_at_cutoff') }} as set_persons
    on records.set_key = set_persons.set_key
        and records.loaded_at < set_persons.cutoff_at
