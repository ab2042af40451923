-- Grain: one row per identifier, person and stretch of time in which the warehouse knew it so.
{% call touched() %}
    select identifier_key from {{ changes(ref('int_identity__identifiers')) }}
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

known as (

    select
        identifier_number,
        person_id,
        known_from,
        cast(null as timestamp) as known_to
    from names
    union all
    select
        identifier_number,
        person_id,
        known_from,
        known_to
    from identifier_history

),

final as (

    select
        identifiers.identifier_key,
        identifiers.identifier_type,
        known.person_id,
        identifiers.first_seen_at as valid_from,
        cast(null as timestamp) as valid_to,
        known.known_from,
        known.known_to,
        known.known_to is null as is_current
    from identifiers
    inner join known
        on identifiers.identifier_number = known.identifier_number

)

select * from final
