-- Prevents: facts that fall out of the marts because their record was lost on the way to a person.
{{ config(meta={'dagster': {'ref': {'name': 'int_identity__set_persons'}}}) }}
select identifiers.record_key
from {{ ref('int_contracts__identifiers') }} as identifiers
left join {{ ref('int_identity__record_persons') }} as record_persons
    on identifiers.record_key = record_persons.record_key
where record_persons.record_key is null and identifiers.loaded_at < {{ as_of() }}
