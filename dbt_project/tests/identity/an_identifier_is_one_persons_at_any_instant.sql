-- Prevents: a visit that counts for two people, because the turns of two of them overlap.
{{ config(meta={'dagster': {'ref': {'name': 'identifier_person'}}}) }}
with

turns as (

    select
        identifier_key,
        valid_from,
        valid_to,
        lead(valid_from) over (partition by identifier_key order by valid_from) as next_from
    from {{ ref('identifier_person') }}
    where known_to is null

)

select * from turns
where
    (valid_to is null and next_from is not null)
    or (valid_to is not null and (next_from = valid_to) is not true)
    or (valid_from < valid_to) is false
