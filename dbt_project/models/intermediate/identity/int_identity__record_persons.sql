-- Grain: one row per source record that has identifiers.
select
    records.record_key,
    set_persons.person_id,
    coalesce(former_owners.person_id, set_persons.person_id) as person_id_as_known,
    set_persons.identifier_number,
    set_persons.actor_key
from {{ ref('int_identity__records') }} as records
inner join {{ ref('int_identity__set_persons') }} as set_persons
    on records.set_key = set_persons.set_key
left join {{ ref('int_identity__former_owners') }} as former_owners
    on set_persons.identifier_number = former_owners.identifier_number
        and records.loaded_at >= former_owners.known_from
        and records.loaded_at < former_owners.known_before
