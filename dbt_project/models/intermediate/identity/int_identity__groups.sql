-- Grain: one row per identifier_number that links, with the group of identifiers that is a person;
-- known now. A group goes by its anchor.
-- A cluster of devices belongs to the person that it met, so touched are the clusters that changed,
-- the devices that met those, and the persons that these devices met.
{% call touched() %}
    {{ touched_clusters() }}
{% endcall %}
{{ identity_clusters(
    at_as_of(ref('int_identity__vertices'), is_touched('identifier_number')),
    at_as_of(ref('int_identity__links'), is_touched('number_b')),
    ref('int_identity__components'), ref('int_identity__limited'),
    ref('int_identity__linked'), at_cutoffs=false
) }}
