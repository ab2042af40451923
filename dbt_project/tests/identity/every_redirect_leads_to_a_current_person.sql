-- Prevents: a chain of redirects, one that leads to nobody, and one away from a current person.
with

persons as (

    select distinct person_id from {{ ref('int_identity__names') }}

)

select
    redirects.old_person_id,
    redirects.person_id
from {{ ref('person_redirects') }} as redirects
left join persons
    on redirects.person_id = persons.person_id
left join persons as old_persons
    on redirects.old_person_id = old_persons.person_id
where persons.person_id is null or old_persons.person_id is not null
