-- Grain: one row per person; known now, cutoff_at = as_of.
{% set set_persons %}
    (select {{ as_of() }} as cutoff_at, set_key, person_id from {{ ref('int_identity__set_persons') }})
{% endset %}
{{ identity_persons(
    ref('int_identity__known_observations'), ref('int_identity__clusters'), set_persons
) }}
