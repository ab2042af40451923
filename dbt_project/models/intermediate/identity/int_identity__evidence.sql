-- Grain: one row per (cutoff_at, record_number, identifier_number); known now.
{{ identity_evidence(ref('int_identity__known_observations')) }}
