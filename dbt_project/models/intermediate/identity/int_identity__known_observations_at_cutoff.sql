-- Grain: one row per past cutoff that is open and identifier of a set that was known then.
{{ identity_known_observations(
    ref('int_identity__sets_at_cutoff'), ref('int_identity__set_members')
) }}
