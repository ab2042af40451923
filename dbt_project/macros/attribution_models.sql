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

{# Part of a revenue in units of 1e-15 of it, to twelve digits. #}
{% macro attribution_share(revenue, units) -%}
    cast(
        cast(({{ units }}) / 1e15 as decimal(16, 15)) * cast({{ revenue }} as decimal(18, 4))
        as decimal(37, 12)
    )
{%- endmacro %}
