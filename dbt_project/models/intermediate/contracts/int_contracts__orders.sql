-- Grain: one row per (source, order_id) and version.
{{ union_contract('orders') }}
