-- Grain: one row per (source, record_id, preference, value, occurred_at) and version.
{{ union_contract('preferences') }}
