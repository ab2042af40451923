-- Grain: one row per vertex that has an edge within its scope; known now.
{{ identity_component_edges(
    ref('int_identity__edges'), ref('int_identity__vertices')
) }}
