{# The segments whose stays are kept: the name of each model `seg_<name>`. A brand's own segments
   (models/segments/seg_*.sql in the tenant's folder) come from the environment. #}
{% macro segments() -%}
    {% set names = ['cart_abandoners', 'high_value_lapsing', 'likely_buyers'] %}
    {% for name in env_var('CROSSWEAVE_OWN_SEGMENTS', '').split(',') %}
        {% if name %}{% do names.append(name) %}{% endif %}
    {% endfor %}
    {% do return(names) %}
{%- endmacro %}

{# Version of a segment's definition: `version` in the meta of its model, else 1. #}
{% macro segment_version(name) -%}
    {% set versions = [] %}
    {% if execute and graph.nodes is defined %}
        {% for node in graph.nodes.values() if node.name == 'seg_' ~ name %}
            {% do versions.append(node.config.meta.get('version', 1)) %}
        {% endfor %}
    {% endif %}
    {% do return(versions[0] if versions else 1) %}
{%- endmacro %}

{# Members of all segments now: segment, segment_version, person_id. #}
{% macro segment_members() -%}
    {% for name in segments() -%}
    select
        '{{ name }}' as segment,
        cast({{ segment_version(name) }} as integer) as segment_version,
        person_id
    from {{ ref('seg_' ~ name) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
{%- endmacro %}

{# Bucket 0 .. 9,999 of a person, the same in every segment and on every engine: what splits and
   holdouts are cut from. orchestration/activation/gate.py has the same formula. #}
{% macro split_bucket(salt, person) -%}
    {{ hex_to_integer(sha256_hex('concat_ws(chr(31), ' ~ salt ~ ', ' ~ person ~ ')')) }} % 10000
{%- endmacro %}
