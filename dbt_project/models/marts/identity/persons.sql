-- Grain: one row per current person.
with

identifiers as (

    select * from {{ ref('int_identity__identifiers') }}
    where person_id is not null

),

record_persons as (

    select * from {{ ref('int_identity__record_persons') }}
    where person_id is not null

),

counted_records as (

    select
        person_id,
        count(*) as record_count
    from record_persons
    group by person_id

),

grouped as (

    select
        person_id,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        count(*) as identifier_count,
        max(case when scope = 'person' then 1 else 0 end) = 1 as is_known,
        max(case when scope = 'person' and last_authenticated_at is not null then 1 else 0 end) = 1
            as is_authenticated
    from identifiers
    group by person_id

),

final as (

    select
        grouped.person_id,
        grouped.first_seen_at,
        grouped.last_seen_at,
        grouped.identifier_count,
        coalesce(counted_records.record_count, 0) as record_count,
        grouped.is_known,
        case
            when grouped.is_known and grouped.is_authenticated then 'authenticated'
            when grouped.is_known then 'deterministic'
            else 'anonymous'
        end as confidence
    from grouped
    left join counted_records on grouped.person_id = counted_records.person_id

)

select * from final
