-- Grain: one row per (cutoff_at, number_a, number_b); known at each cutoff.
{{ identity_edges(
    ref('int_identity__known_observations_at_cutoff'), ref('int_identity__hubs_at_cutoff')
) }}
