-- Grain: one row per (cutoff_at, identifier_number) that links; known now.
{{ identity_vertices(ref('int_identity__known_observations'), ref('int_identity__hubs')) }}
