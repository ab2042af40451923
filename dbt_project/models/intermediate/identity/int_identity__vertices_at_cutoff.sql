-- Grain: one row per (cutoff_at, identifier_number) that links; known at each cutoff.
{{ identity_vertices(
    ref('int_identity__known_observations_at_cutoff'), ref('int_identity__hubs_at_cutoff')
) }}
