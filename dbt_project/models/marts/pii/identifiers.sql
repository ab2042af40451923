-- Grain: one row per identifier.
{% call touched() %}
    select identifier_key from {{ changes(ref('int_identity__identifiers')) }}
{% endcall %}
with

identifiers as (

    {{ touched_rows(ref('int_identity__identifiers')) }}

),

clear_values as (

    select
        identifier_key,
        max(identifier_value) as identifier_value
    from ({{ touched_rows(ref('int_identity__values')) }}) as identifier_values
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
