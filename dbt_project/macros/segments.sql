{# The segments whose stays are kept: the name of each model `seg_<name>`. A brand's own segments
   (models/segments/seg_*.sql in the tenant's folder) come from the environment. #}
{% macro segments() -%}
    {% set names = ['cart_abandoners', 'high_value_lapsing', 'likely_buyers'] %}
    {% for name in env_var('CROSSWEAVE_OWN_SEGMENTS', '').split(',') %}
        {% if name %}{% do names.append(name) %}{% endif %}
    {% endfor %}
    {% do return(names) %}
{%- endmacro %}

{# What the meta of a segment's model says: owner, purpose, refresh, version. None may be missing. #}
{% macro segment_meta(name) -%}
    {% set said = {'owner': '', 'purpose': '', 'refresh': '', 'version': 1} %}
    {% if execute and graph.nodes is defined %}
        {% for node in graph.nodes.values() if node.name == 'seg_' ~ name %}
            {% for key in said if not node.config.meta.get(key) %}
                {% do exceptions.raise_compiler_error(
                    'seg_' ~ name ~ ': its YAML has no config.meta.' ~ key
                    ~ '; a segment has owner, purpose, refresh and version'
                ) %}
            {% endfor %}
            {% do said.update(node.config.meta) %}
        {% endfor %}
    {% endif %}
    {% do return(said) %}
{%- endmacro %}

{# Members of all segments now: segment, segment_version, person_id. #}
{% macro segment_members() -%}
    {% for name in segments() -%}
    select
        '{{ name }}' as segment,
        cast({{ segment_meta(name).version }} as integer) as segment_version,
        person_id
    from {{ ref('seg_' ~ name) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
{%- endmacro %}

{# One row per segment: segment, segment_version, owner, purpose, refresh. #}
{% macro segment_definitions() -%}
    {% for name in segments() -%}
    {% set said = segment_meta(name) %}
    select
        '{{ name }}' as segment,
        cast({{ said.version }} as integer) as segment_version,
        {% for key in ['owner', 'purpose', 'refresh'] %}
        '{{ said[key] | replace("'", "''") }}' as {{ key }}{{ ',' if not loop.last }}
        {% endfor %}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
{%- endmacro %}

{# Scores of which a segment's mean is told: of the person alone, definitions in ml/scores.py. #}
{% macro segment_scores() -%} {{ return(['propensity_30d', 'churn_90d']) }} {%- endmacro %}

{# Bucket 0 .. 9,999 of a person, the same in every segment and on every engine: what splits and
   holdouts are cut from. orchestration/activation/gate.py has the same formula. #}
{% macro split_bucket(salt, person) -%}
    {{ hex_to_integer(sha256_hex('concat_ws(chr(31), ' ~ salt ~ ', ' ~ person ~ ')')) }} % 10000
{%- endmacro %}

{# True for a bucket that is in the universal holdout: never contacted, in whatever segment.
   orchestration/activation/gate.py has the same condition. #}
{% macro in_universal_holdout(bucket) -%}
    {{ bucket }} < {{ setting('universal_holdout_pct') }} * 100
{%- endmacro %}
