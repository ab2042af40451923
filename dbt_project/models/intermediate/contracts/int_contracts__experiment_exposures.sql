-- Grain: one row per (source, experiment_id, record_id, exposed_at) and version.
{{ union_contract('experiment_exposures') }}
