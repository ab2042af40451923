-- Grain: one row per (source, feedback_id) and version.
{{ union_contract('feedback') }}
