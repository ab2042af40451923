-- Grain: one row per identifier, person, stretch of time in which the person had it, and stretch of
-- time in which the warehouse knew it so.
{% call touched() %}
    select identifier_key from {{ changes(ref('int_identity__identifiers')) }}
    union all
    select identifier_key from {{ ref('int_identity__identifiers') }}
    where identifier_number in (
            select identifier_number from {{ changes(ref('int_identity__ownership')) }}
        )
{% endcall %}
with

identifiers as (

    {{ touched_rows(ref('int_identity__identifiers')) }}

),

names as (

    select * from {{ ref('int_identity__names') }}

),

identifier_history as (

    select * from {{ source('ops', 'identifier_history') }}

),

owned as (

    select
        ownership.*,
        lag(ownership.valid_before) over (
            partition by ownership.identifier_number order by ownership.valid_from
        ) as former_before,
        lead(ownership.valid_from) over (
            partition by ownership.identifier_number order by ownership.valid_from
        ) as next_from
    from {{ ref('int_identity__ownership') }} as ownership

),

-- where nobody had a shared device it is a person of its own
unowned as (

    select
        owned.identifier_number,
        coalesce(owned.former_before, identifiers.first_seen_at) as valid_from,
        owned.valid_from as valid_before
    from owned
    inner join identifiers on owned.identifier_number = identifiers.identifier_number
    where coalesce(owned.former_before, identifiers.first_seen_at) < owned.valid_from
    union all
    select
        identifier_number,
        valid_before as valid_from,
        {{ end_of_time() }} as valid_before
    from owned
    where next_from is null and valid_before < {{ end_of_time() }}

),

stretches as (

    select
        identifier_number,
        person_id,
        valid_from,
        valid_before
    from owned
    union all
    select
        identifier_number,
        cast(null as {{ string_type() }}) as person_id,
        valid_from,
        valid_before
    from unowned

),

known as (

    select
        names.identifier_number,
        coalesce(stretches.person_id, names.person_id) as person_id,
        stretches.valid_from,
        nullif(stretches.valid_before, {{ end_of_time() }}) as valid_to,
        names.known_from,
        cast(null as timestamp) as known_to
    from names
    left join stretches on names.identifier_number = stretches.identifier_number
    union all
    select
        identifier_number,
        person_id,
        cast(null as timestamp) as valid_from,
        cast(null as timestamp) as valid_to,
        known_from,
        known_to
    from identifier_history

),

final as (

    select
        identifiers.identifier_key,
        identifiers.identifier_type,
        known.person_id,
        coalesce(known.valid_from, identifiers.first_seen_at) as valid_from,
        known.valid_to,
        known.known_from,
        known.known_to,
        known.known_to is null and known.valid_to is null as is_current
    from identifiers
    inner join known
        on identifiers.identifier_number = known.identifier_number

)

select * from final
