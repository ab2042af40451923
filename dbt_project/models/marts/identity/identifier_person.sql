-- Grain: one row per identifier, person and validity interval.
-- This version knows one interval per identifier, open to the end.
{% call touched() %}
    select identifier_key from {{ changes(ref('int_identity__identifiers')) }}
{% endcall %}
with

identifiers as (

    {{ touched_rows(ref('int_identity__identifiers')) }}
        and person_id is not null

),

final as (

    select
        identifier_key,
        identifier_type,
        person_id,
        first_seen_at as valid_from,
        cast(null as timestamp) as valid_to,
        first_loaded_at as known_from,
        cast(null as timestamp) as known_to,
        true as is_current
    from identifiers

)

select * from final
