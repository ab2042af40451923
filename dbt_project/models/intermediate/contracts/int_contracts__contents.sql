-- Grain: one row per (source, content_id) and version.
{{ union_contract('contents') }}
