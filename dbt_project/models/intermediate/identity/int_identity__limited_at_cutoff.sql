-- Grain: one row per vertex of a component that breaks a limit, with its cluster within; known at
-- each cutoff.
{% call limits() %}
    {{ identity_limits(ref('int_identity__vertices_at_cutoff')) }}
{% endcall %}
{{ identity_limited_edges(
    identity_links(ref('int_identity__edges_at_cutoff')), ref('int_identity__vertices_at_cutoff'),
    ref('int_identity__components_at_cutoff')
) }}
