-- Grain: one row per person; known now.
{% call touched() %}
    select person_id from {{ changes(ref('int_identity__clusters')) }}
    union all
    select person_id from {{ changes(ref('int_identity__set_persons')) }}
    union all
    select person_id from {{ ref('int_identity__set_persons') }}
    where set_key in (
            select set_key from {{ changes(ref('int_identity__known_observations')) }}
            {% if is_increment() %}
                union all
                -- dated into the future when it came
                select set_key from {{ ref('int_identity__known_observations') }}
                where observed_at >= {{ previous_as_of() }}
            {% endif %}
        )
{% endcall %}
{{ identity_persons(
    at_as_of(ref('int_identity__known_observations')),
    at_as_of(ref('int_identity__clusters'), is_touched('person_id')),
    at_as_of(ref('int_identity__set_persons'), is_touched('person_id')),
    at_cutoffs=false
) }}
