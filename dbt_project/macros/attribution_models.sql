{# The attribution models that split credit per order, in one place: int_attribution__weights has a
   branch for each, everything after it loops over this list. #}
{% macro attribution_models() -%} {% do return(['first', 'last', 'linear']) %} {%- endmacro %}

{# A CTE body: one row per attribution model. #}
{% macro attribution_model_rows() -%}
    {% for model in attribution_models() %}
    select '{{ model }}' as model
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
{%- endmacro %}
