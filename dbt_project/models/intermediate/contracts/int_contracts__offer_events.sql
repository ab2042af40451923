-- Grain: one row per (source, offer_event_id) and version.
{{ union_contract('offer_events') }}
