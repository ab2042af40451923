-- Grain: one row per (source, order_id, line_number) and version.
{{ union_contract('order_lines') }}
