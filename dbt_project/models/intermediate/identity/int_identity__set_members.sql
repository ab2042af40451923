-- Grain: one row per identifier of a set, and version of it where the set is one record's own.
-- Of an identifier that a record told again at a later time, the later word stands.
with

sets as (

    select
        set_key,
        min(record_key) as record_key,
        min(case when is_simple then 1 else 0 end) = 1 as is_simple
    from {{ ref('int_identity__set_sightings') }}
    group by set_key

),

told as (

    -- the rows of one record of the set stand for all of them
    select
        sets.set_key,
        sets.is_simple,
        observations.identifier_number,
        observations.loaded_at,
        max(case when observations.is_authenticated then 1 else 0 end) = 1 as is_authenticated,
        min(observations.observed_at) as observed_at,
        max(observations.observed_at) as last_observed_at
    from {{ ref('int_identity__observations') }} as observations
    inner join sets on observations.record_key = sets.record_key
    group by
        sets.set_key, sets.is_simple, observations.identifier_number, observations.loaded_at

),

final as (

    select
        set_key,
        identifier_number,
        is_simple,
        is_authenticated,
        observed_at,
        last_observed_at,
        loaded_at,
        case
            when not is_simple
                then lead(loaded_at) over (
                        partition by set_key, identifier_number order by loaded_at
                    )
        end as superseded_at
    from told

)

select * from final
