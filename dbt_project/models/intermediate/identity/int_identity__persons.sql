-- Grain: one row per person; known now.
{% call touched() %}
    {{ touched_persons() }}
{% endcall %}
{{ identity_persons(
    at_as_of(ref('int_identity__known_observations')),
    at_as_of(ref('int_identity__clusters'), is_touched('person_id')),
    at_as_of(ref('int_identity__set_persons'), is_touched('person_id')),
    at_cutoffs=false
) }}
