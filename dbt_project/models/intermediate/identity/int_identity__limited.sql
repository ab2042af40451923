-- Grain: one row per vertex of a component that breaks a limit, with its cluster within; known now.
{%- set vertices = at_as_of(ref('int_identity__vertices')) %}
{% call limits() %}
    {{ identity_limits(vertices) }}
{% endcall %}
{{ identity_limited_edges(
    at_as_of(identity_links(ref('int_identity__edges'))), vertices, ref('int_identity__components')
) }}
