-- Grain: one row per (cutoff_at, identifier_number) that links, with its person; known now.
{{ identity_clusters(
    ref('int_identity__edges'), ref('int_identity__vertices'), ref('int_identity__components')
) }}
