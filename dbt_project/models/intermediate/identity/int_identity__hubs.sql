-- Grain: one row per (cutoff_at, identifier_number) that links nobody; known now.
{{ identity_hubs(ref('int_identity__known_observations')) }}
