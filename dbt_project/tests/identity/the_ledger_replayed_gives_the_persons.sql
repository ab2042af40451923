-- Prevents: a person whom the ledger does not know, or one who is gone and still stands there.
with

replayed as (

    select person_id
    from {{ last_of(source('ops', 'person_events'), 'person_id') }}
    where event in ('created', 'split')

),

persons as (

    select distinct person_id from {{ ref('int_identity__names') }}

)

select
    coalesce(replayed.person_id, persons.person_id) as person_id,
    case when replayed.person_id is null then 'not in the ledger' else 'not a person' end as problem
from replayed
full outer join persons
    on replayed.person_id = persons.person_id
where replayed.person_id is null or persons.person_id is null
