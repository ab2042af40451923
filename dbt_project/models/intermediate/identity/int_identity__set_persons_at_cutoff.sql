-- Grain: one row per (cutoff_at, set_key); as_of is the last cutoff.
select
    set_persons.cutoff_at,
    set_persons.set_key,
    persons.person_id
from {{ ref('int_identity__set_persons_before') }} as set_persons
left join {{ ref('int_identity__persons_before') }} as persons
    on set_persons.cutoff_at = persons.cutoff_at
        and set_persons.person_number = persons.person_number
union all
select
    {{ as_of() }} as cutoff_at,
    set_key,
    person_id
from {{ ref('int_identity__set_persons') }}
