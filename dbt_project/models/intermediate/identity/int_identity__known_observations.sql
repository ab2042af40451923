-- Grain: one row per identifier of a set that is known now.
{% call touched() %}
    select set_key from {{ changes(ref('int_identity__sets')) }}
    union all
    select set_key from {{ changes(ref('int_identity__set_members')) }}
    union all
    select set_key from {{ ref('int_identity__set_members') }}
    where identifier_number in (
            select identifier_number from {{ changes(ref('int_identity__keys')) }}
        )
{% endcall %}
{{ identity_known_observations(
    at_as_of(ref('int_identity__sets'), is_touched('set_key')),
    '(' ~ touched_rows(ref('int_identity__set_members')) ~ ')',
    at_cutoffs=false
) }}
