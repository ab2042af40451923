-- Grain: one row per (cutoff_at, source, record_id, identifier_key); known at each feature cutoff before as_of.
{{ identity_evidence(ref('int_identity__known_observations_at_cutoff')) }}
