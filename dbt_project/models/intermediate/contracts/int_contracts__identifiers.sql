-- Grain: one row per (source, record_id, identifier_type, identifier_value) and delivery.
{{ contract_rows('identifiers') }}
