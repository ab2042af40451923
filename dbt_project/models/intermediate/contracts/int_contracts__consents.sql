-- Grain: one row per (source, record_id, channel, purpose, occurred_at) and version.
{{ union_contract('consents') }}
