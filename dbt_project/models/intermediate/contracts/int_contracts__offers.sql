-- Grain: one row per (source, offer_id) and version.
{{ union_contract('offers') }}
