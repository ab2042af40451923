-- Grain: one row per (source, record_id, updated_at) and version.
{{ union_contract('contacts') }}
