-- Grain: one row per identifier and person that it was taken to be and is not any more, with the
-- stretch of loaded_at whose records were resolved so; the stretches of an identifier are disjoint.
-- depends on: {{ ref('int_identity__names') }}, which appends the history
with

followed as (

    select
        identifier_number,
        person_id,
        known_from,
        last_as_of,
        lead(known_from) over (partition by identifier_number order by known_from) as next_from
    from {{ source('ops', 'identifier_history') }}

),

final as (

    select
        identifier_number,
        person_id,
        known_from,
        least(last_as_of, coalesce(next_from, last_as_of)) as known_before
    from followed

)

select * from final
where known_from < known_before
