-- Grain: one row per (cutoff_at, number_a, number_b); known now.
{{ identity_edges(
    ref('int_identity__known_observations'), ref('int_identity__hubs'), with_sources=true
) }}
