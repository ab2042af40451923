-- Grain: one row per (cutoff_at, record_number, identifier_number); known at each cutoff.
{{ identity_evidence(ref('int_identity__known_observations_at_cutoff')) }}
