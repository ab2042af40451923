-- Grain: one row per (source, product_id) and version.
{{ union_contract('products') }}
