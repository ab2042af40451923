-- Grain: one row per cluster that the probabilistic pass links, with the cluster that they make;
-- known now. A cluster goes by its smallest vertex.
{%- set links = at_as_of(identity_probable_links(ref('int_identity__edges'))) %}
{%- set vertices = at_as_of(ref('int_identity__vertices')) %}
{%- set components = ref('int_identity__components') %}
{%- set limited = ref('int_identity__limited') %}
{% call limits() %}
    {{ identity_probable_limits(links, vertices, components, limited) }}
{% endcall %}
{{ identity_probable_edges(links, vertices, components, limited) }}
