-- Grain: one row per identifier of a set, and version of it where the set is one record's own.
-- A set that several records share is seen when they are (int_identity__sets), so only a record's
-- own set has times here. Of an identifier that a record told again at a later time, the later word
-- stands.
{% call touched() %}
    select changed.set_key from {{ changes(ref('int_identity__sets')) }} as changed
    {% if is_increment() %}
        where
            changed.set_key not in (
                select kept.set_key from {{ this }} as kept
                where kept.set_key in (select sets.set_key from {{ ref('int_identity__sets') }} as sets)
            )
        union all
        select own.set_key from {{ ref('int_identity__sets') }} as own
        where
            not own.is_simple
            and own.record_key in (
                select record_key from {{ changes(ref('int_identity__observations')) }}
            )
    {% endif %}
{% endcall %}
with

sets as (

    {{ touched_rows(ref('int_identity__sets')) }}

),

told as (

    -- the rows of one record of the set stand for all of them
    select
        sets.set_key,
        observations.identifier_number,
        case when not sets.is_simple then observations.loaded_at end as loaded_at,
        max(case when observations.is_authenticated then 1 else 0 end) = 1 as is_authenticated,
        min(case when not sets.is_simple then observations.observed_at end) as observed_at,
        max(case when not sets.is_simple then observations.observed_at end) as last_observed_at
    from {{ ref('int_identity__observations') }} as observations
    inner join sets on observations.record_key = sets.record_key
    group by
        sets.set_key,
        observations.identifier_number,
        case when not sets.is_simple then observations.loaded_at end

),

-- few rows have a time: only they are put in order
versions as (

    select
        set_key,
        identifier_number,
        loaded_at,
        lead(loaded_at) over (
            partition by set_key, identifier_number order by loaded_at
        ) as superseded_at
    from told
    where loaded_at is not null

),

final as (

    select
        told.set_key,
        told.identifier_number,
        told.is_authenticated,
        told.observed_at,
        told.last_observed_at,
        told.loaded_at,
        versions.superseded_at
    from told
    left join versions
        on told.set_key = versions.set_key
            and told.identifier_number = versions.identifier_number
            and told.loaded_at = versions.loaded_at

)

select * from final
