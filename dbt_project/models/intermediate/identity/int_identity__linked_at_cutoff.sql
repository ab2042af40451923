-- Grain: one row per cluster that the probabilistic pass links, with the cluster that they make;
-- known at each cutoff. A cluster goes by its smallest vertex.
{%- set links = identity_probable_links(ref('int_identity__edges_at_cutoff')) %}
{%- set vertices = ref('int_identity__vertices_at_cutoff') %}
{%- set components = ref('int_identity__components_at_cutoff') %}
{%- set limited = ref('int_identity__limited_at_cutoff') %}
{% call limits() %}
    {{ identity_probable_limits(links, vertices, components, limited) }}
{% endcall %}
{{ identity_probable_edges(links, vertices, components, limited) }}
