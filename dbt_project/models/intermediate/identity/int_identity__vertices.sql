-- Grain: one row per identifier_number that links; known now.
{% call touched() %}
    select identifier_number from {{ changes(ref('int_identity__known_observations')) }}
    union all
    select identifier_number from {{ changes(ref('int_identity__hubs')) }}
{% endcall %}
{{ identity_vertices(
    at_as_of(ref('int_identity__known_observations'), is_touched('identifier_number')),
    at_as_of(ref('int_identity__hubs')), at_cutoffs=false
) }}
