{# JSON held as text in raw columns of type json. #}

{# Text of one JSON path ('$.sku'); null where the path is absent or JSON null. #}
{% macro json_text(column, path) -%} {{ adapter.dispatch('json_text')(column, path) }} {%- endmacro %}
{% macro default__json_text(column, path) -%} json_extract_string({{ column }}, '{{ path }}') {%- endmacro %}
{% macro spark__json_text(column, path) -%} get_json_object({{ column }}, '{{ path }}') {%- endmacro %}

{# A CTE body: the given columns of a relation, one row per element of a JSON array column, with
   `element` (JSON text) and `element_number` (1, 2, ...). Rows with no array vanish. #}
{% macro unnest_json(relation, column, columns) -%}
    {{ adapter.dispatch('unnest_json')(relation, column, columns) }}
{%- endmacro %}
{% macro default__unnest_json(relation, column, columns) -%}
    select
        {{ columns | join(',\n        ') }},
        cast(json_extract({{ column }}, '$[' || position_number || ']') as varchar) as element,
        cast(position_number + 1 as integer) as element_number
    from {{ relation }},
        unnest(range(cast(coalesce(json_array_length({{ column }}), 0) as bigint))) as positions (position_number)
{%- endmacro %}
{% macro spark__unnest_json(relation, column, columns) -%}
    select
        {{ columns | join(',\n        ') }},
        element,
        cast(position_number + 1 as int) as element_number
    from {{ relation }}
    lateral view posexplode(from_json({{ column }}, 'array<string>')) as position_number, element
{%- endmacro %}

{# A text as a JSON string, quoted and escaped. #}
{% macro json_quoted(expression) -%} {{ adapter.dispatch('json_quoted')(expression) }} {%- endmacro %}
{% macro default__json_quoted(expression) -%} cast(to_json({{ expression }}) as varchar) {%- endmacro %}
{% macro spark__json_quoted(expression) -%}
    substring(to_json(array({{ expression }})), 2, length(to_json(array({{ expression }}))) - 2)
{%- endmacro %}
