-- Grain: one row per (cutoff_at, identifier_number) that links nobody; known at each cutoff.
{{ identity_hubs(ref('int_identity__known_observations_at_cutoff')) }}
