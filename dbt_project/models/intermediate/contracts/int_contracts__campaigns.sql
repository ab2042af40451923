-- Grain: one row per (source, campaign_id) and version.
{{ union_contract('campaigns') }}
