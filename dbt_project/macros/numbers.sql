{# A CTE body: one row per integer 0 .. 999, column `number`; portable, for calendars of months. #}
{% macro numbers_below_thousand() -%}
    select ones.digit + 10 * tens.digit + 100 * hundreds.digit as number
    from
        ({{ digits() }}) as ones
    cross join ({{ digits() }}) as tens
    cross join ({{ digits() }}) as hundreds
{%- endmacro %}

{% macro digits() -%}
    {% for digit in range(10) %}select {{ digit }} as digit{% if not loop.last %} union all {% endif %}{% endfor %}
{%- endmacro %}

{# Whole calendar months from one first-of-month date to another. #}
{% macro months_between_starts(earlier, later) -%}
    (
        12 * (extract(year from {{ later }}) - extract(year from {{ earlier }}))
        + extract(month from {{ later }}) - extract(month from {{ earlier }})
    )
{%- endmacro %}
