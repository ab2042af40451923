-- Grain: one row per identifier of a set that is known now; cutoff_at = as_of.
{{ identity_known_observations('(select ' ~ as_of() ~ ' as cutoff_at)') }}
