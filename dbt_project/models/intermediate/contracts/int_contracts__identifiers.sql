-- Grain: one row per (source, record_id, identifier_type, identifier_value) and version.
{{ union_contract('identifiers') }}
