-- Grain: one row per (source, experiment_id) and version.
{{ union_contract('experiments') }}
