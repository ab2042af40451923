{# The attribution models that split credit per conversion, in one place: int_attribution__weights
   has a column <model>_credit for each, everything after it loops over this list. #}
{% macro attribution_models() -%}
    {% do return([
        'first', 'last', 'last_non_direct', 'linear', 'position', 'time_decay', 'shapley'
    ]) %}
{%- endmacro %}

{# The highest order of the Markov models: their steps hold so many channels and the next one. #}
{% macro attribution_markov_orders() -%} {% do return([1, 2, 3]) %} {%- endmacro %}

{# A CTE body: one row per attribution model. #}
{% macro attribution_model_rows() -%}
    {% for model in attribution_models() %}
    select '{{ model }}' as model
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
{%- endmacro %}

{# The measure of the row's model (alias models) out of a wide row's columns <model>_<measure>. #}
{% macro attribution_of_model(wide, measure) -%}
    case models.model
        {%- for model in attribution_models() %}
        when '{{ model }}' then {{ wide }}.{{ model }}_{{ measure }}
        {%- endfor %}
    end
{%- endmacro %}

{# Revenue in whole units of 1e-9 (int_attribution__touch_credits) as an amount. A product of more than
   38 digits would lose some on Spark. #}
{% macro attribution_revenue(units) -%}
    cast(
        cast({{ units }} as decimal(26, 0)) * cast(0.000000001 as decimal(9, 9))
        as decimal(38, 12)
    )
{%- endmacro %}

{# Group of a conversion or journey, 0 .. 199, by its key: what intervals are drawn from
   (docs/attribution.md). #}
{% macro attribution_draw_group(key) -%} {{ hex_to_integer(key, 8) }} % 200 {%- endmacro %}
