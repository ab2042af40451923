-- Grain: one row per (cutoff_at, source, record_id, identifier_key); known now.
{{ identity_evidence(ref('int_identity__known_observations')) }}
