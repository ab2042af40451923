-- Grain: one row per current person.
{% call touched() %}
    select person_id from {{ changes(ref('int_identity__identifiers')) }}
    union all
    select person_id from {{ changes(ref('int_identity__set_persons')) }}
    union all
    select person_id from {{ ref('int_identity__set_persons') }}
    where set_key in (select set_key from {{ changes(ref('int_identity__sets')) }})
{% endcall %}
with

identifiers as (

    {{ touched_rows(ref('int_identity__identifiers')) }}
        and person_id is not null

),

set_persons as (

    {{ touched_rows(ref('int_identity__set_persons')) }}
        and person_id is not null

),

counted_records as (

    select
        set_persons.person_id,
        cast(sum(sets.record_count) as bigint) as record_count
    from set_persons
    inner join {{ ref('int_identity__sets') }} as sets
        on set_persons.set_key = sets.set_key
    group by set_persons.person_id

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

-- the weakest of the probable edges that hold a person together
probable as (

    select
        clusters.person_id,
        min(edges.score) as score
    from {{ ref('int_identity__edges') }} as edges
    inner join {{ ref('int_identity__clusters') }} as clusters
        on edges.edge_number = clusters.edge_number
    where edges.status = 'probabilistic'
    group by clusters.person_id

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
            when probable.score is not null then 'probabilistic'
            when grouped.is_known and grouped.is_authenticated then 'authenticated'
            when grouped.is_known then 'deterministic'
            else 'anonymous'
        end as confidence,
        coalesce(probable.score, 1.0) as confidence_score
    from grouped
    left join counted_records on grouped.person_id = counted_records.person_id
    left join probable on grouped.person_id = probable.person_id

)

select * from final
