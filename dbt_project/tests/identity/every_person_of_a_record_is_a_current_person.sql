-- Prevents: facts of somebody who is nobody, after a change of who is who.
{{ config(meta={'dagster': {'ref': {'name': 'persons'}}}) }}
select
    record_persons.source,
    record_persons.record_id,
    record_persons.person_id
from {{ ref('int_identity__record_persons') }} as record_persons
left join {{ ref('persons') }} as persons on record_persons.person_id = persons.person_id
where record_persons.person_id is not null and persons.person_id is null
