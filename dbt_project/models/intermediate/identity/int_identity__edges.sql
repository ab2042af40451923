-- Grain: one row per (number_a, number_b); known now.
{% call touched() %}
    {{ touched_edges() }}
{% endcall %}
{{ identity_edges(
    touched_evidence(),
    at_as_of(ref('int_identity__hubs')), at_cutoffs=false
) }}
