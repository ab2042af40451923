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
        -- what came after the former build was resolved by this one, which found the owner
        coalesce(
            max(last_as_of) over (
                partition by identifier_number order by sequence
                rows between unbounded preceding and 1 preceding
            ),
            known_from
        ) as resolved_from
    from {{ source('ops', 'identifier_history') }}

),

final as (

    select
        identifier_number,
        person_id,
        resolved_from as known_from,
        last_as_of as known_before
    from followed

)

select * from final
where known_from < known_before
