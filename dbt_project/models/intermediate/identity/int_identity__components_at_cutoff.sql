-- Grain: one row per vertex that has an edge within its scope; known at each cutoff.
{{ identity_component_edges(
    ref('int_identity__edges_at_cutoff'), ref('int_identity__vertices_at_cutoff')
) }}
