-- Grain: one row per identifier.
with

identifiers as (

    select * from {{ ref('int_identity__identifiers') }}

),

clear_values as (

    select
        identifier_key,
        max(identifier_value) as identifier_value
    from {{ ref('int_identity__values') }}
    group by identifier_key

),

final as (

    select
        identifiers.identifier_key,
        identifiers.identifier_type,
        clear_values.identifier_value,
        identifiers.is_valid,
        identifiers.invalid_reason,
        identifiers.person_id
    from identifiers
    inner join clear_values on identifiers.identifier_key = clear_values.identifier_key

)

select * from final
