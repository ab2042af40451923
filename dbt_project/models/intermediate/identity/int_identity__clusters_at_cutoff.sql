-- Grain: one row per (cutoff_at, identifier_number) that links, with its person; known at each
-- cutoff.
{{ identity_clusters(
    ref('int_identity__vertices_at_cutoff'), identity_links(ref('int_identity__edges_at_cutoff')),
    ref('int_identity__components_at_cutoff'), ref('int_identity__limited_at_cutoff'),
    ref('int_identity__linked_at_cutoff')
) }}
