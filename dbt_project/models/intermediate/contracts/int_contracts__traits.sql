-- Grain: one row per (source, record_id, trait, updated_at) and version.
{{ union_contract('traits') }}
