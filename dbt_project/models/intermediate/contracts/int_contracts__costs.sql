-- Grain: one row per (source, cost_date, channel, campaign_id, content_id) and version.
{{ union_contract('costs') }}
