-- Grain: one row per source record that has identifiers.
select
    records.record_key,
    records.set_key,
    coalesce(ownership.person_id, set_persons.person_id) as person_id,
    coalesce(former_owners.person_id, ownership.person_id, set_persons.person_id)
        as person_id_as_known,
    set_persons.person_number as named_person_number,
    set_persons.identifier_number,
    set_persons.actor_key
from {{ ref('int_identity__records') }} as records
inner join {{ ref('int_identity__set_persons') }} as set_persons
    on records.set_key = set_persons.set_key
left join {{ ref('int_identity__ownership') }} as ownership
    on {{ owned_at('set_persons', 'records.observed_at') }}
left join {{ ref('int_identity__former_owners') }} as former_owners
    on {{ known_owner_at('set_persons', 'records.loaded_at') }}
