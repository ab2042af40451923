-- Grain: one row per (cutoff_at, record_number, identifier_number); known at each feature cutoff before as_of.
{{ identity_evidence(ref('int_identity__known_observations_at_cutoff')) }}
