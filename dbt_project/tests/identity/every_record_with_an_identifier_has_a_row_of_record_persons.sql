-- Prevents: facts that fall out of the marts because their record was lost on the way to a person.
{{ config(meta={'dagster': {'ref': {'name': 'int_identity__record_persons'}}}) }}
with

records as (

    select distinct
        source,
        record_id
    from {{ ref('int_contracts__identifiers') }}
    where superseded_at is null

)

select
    records.source,
    records.record_id
from records
left join {{ ref('int_identity__record_persons') }} as record_persons
    on records.source = record_persons.source
        and records.record_id = record_persons.record_id
where record_persons.record_id is null
