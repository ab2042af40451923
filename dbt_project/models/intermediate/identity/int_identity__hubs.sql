-- Grain: one row per identifier_number that links nobody; known now.
{% call touched() %}
    {{ touched_identifiers() }}
{% endcall %}
select * from (
    {{ identity_hubs(touched_evidence(), at_cutoffs=false) | indent(4) }}
) as hubs
where {{ is_touched('identifier_number') }}
