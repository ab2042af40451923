-- Grain: one row per (source, location_id) and version.
{{ union_contract('locations') }}
