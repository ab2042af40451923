-- Grain: one row per identifier_number that links nobody; known now.
{% call touched() %}
    {{ touched_identifiers() }}
{% endcall %}
{{ identity_hubs(touched_evidence(), at_cutoffs=false) }}
