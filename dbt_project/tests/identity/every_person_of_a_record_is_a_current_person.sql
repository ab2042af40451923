-- Prevents: facts of somebody who is nobody, after a change of who is who.
{{ config(meta={'dagster': {'ref': {'name': 'persons'}}}) }}
select
    set_persons.set_key,
    set_persons.person_id
from {{ ref('int_identity__set_persons') }} as set_persons
left join {{ ref('persons') }} as persons on set_persons.person_id = persons.person_id
where set_persons.person_id is not null and persons.person_id is null
