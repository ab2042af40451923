-- Grain: one row per identifier_number that links nobody; known now.
{% call touched() %}
    select identifier_number from {{ changes(ref('int_identity__known_observations')) }}
{% endcall %}
select * from (
    {{ identity_hubs(touched_evidence(), at_cutoffs=false) | indent(4) }}
) as hubs
where {{ is_touched('identifier_number') }}
