-- Grain: one row per (source, product_id, location_id, valid_from, placement) and version.
{{ union_contract('placements') }}
