-- Grain: one row per past cutoff and person known then.
{% call touched() %}
    {{ touched_cutoffs() }}
{% endcall %}
{{ identity_persons(
    '(' ~ touched_rows(ref('int_identity__known_observations_at_cutoff')) ~ ')',
    '(' ~ touched_rows(ref('int_identity__clusters_at_cutoff')) ~ ')',
    '(' ~ touched_rows(ref('int_identity__set_persons_before')) ~ ')'
) }}
