-- Grain: one row per (source, touchpoint_id) and version.
{{ union_contract('touchpoints') }}
