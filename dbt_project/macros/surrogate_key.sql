{# Hash of columns that cannot collide by concatenation: parts are joined by chr(31), a null is
   chr(30), so ('a-b', 'c') differs from ('a', 'b-c') and null from ''. #}
{% macro surrogate_key(columns) -%}
    md5(concat_ws(chr(31)
    {%- for column in columns -%}
        , coalesce(cast({{ column }} as {{ string_type() }}), chr(30))
    {%- endfor -%}
    ))
{%- endmacro %}
