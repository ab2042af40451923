-- Grain: one row per (number_a, number_b); known now.
-- What a set says depends on all of it, and on which of its identifiers are hubs.
{% call touched() %}
    select identifier_number as number_b from ({{ touched_identifiers() }}) as touched_identifiers
    union all
    select identifier_number as number_b
    from {{ ref('int_identity__known_observations') }}
    where set_key in (
            select set_key from {{ ref('int_identity__known_observations') }}
            where identifier_number in (
                    select identifier_number from {{ changes(ref('int_identity__hubs')) }}
                )
        )
    union all
    -- pairs of a steward are seen from when both of their identifiers are
    select keys.identifier_number as number_b
    from {{ ref('int_identity__keys') }} as keys
    inner join {{ ref('manual_rules') }} as rules
        on keys.identifier_key in (rules.identifier_key_a, rules.identifier_key_b)
    {% if is_increment() %}
        union all
        select number_b from {{ this }}
        where expires_at > {{ previous_as_of() }} and expires_at <= {{ as_of() }}
    {% endif %}
{% endcall %}
{{ identity_edges(
    touched_evidence(),
    at_as_of(ref('int_identity__hubs')), at_cutoffs=false
) }}
