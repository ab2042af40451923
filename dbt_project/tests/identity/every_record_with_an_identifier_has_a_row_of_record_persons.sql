-- Prevents: facts that fall out of the marts because their record was lost on the way to a person.
with

records as (

    select distinct source, record_id
    from {{ ref('int_contracts__identifiers') }}
    where superseded_at is null

)

select records.source, records.record_id
from records
left join {{ ref('int_identity__record_persons') }} as record_persons
    on record_persons.source = records.source
    and record_persons.record_id = records.record_id
where record_persons.record_id is null
