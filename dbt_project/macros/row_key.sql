{# Internal keys of text columns, 128 bits: what joins and groups millions of rows. An integer where
   the engine has one of that width (half the memory of hexadecimal text), never in a public mart.
   Parts are joined as in surrogate_key. #}
{% macro row_key(columns) -%} {{ adapter.dispatch('row_key')(columns) }} {%- endmacro %}

{% macro default__row_key(columns) -%}
    md5_number(concat_ws(chr(31)
    {%- for column in columns -%}
        , coalesce({{ column }}, chr(30))
    {%- endfor -%}
    ))
{%- endmacro %}

{% macro spark__row_key(columns) -%} {{ surrogate_key(columns) }} {%- endmacro %}

{# The public key (surrogate_key) of the same columns, from their row_key, and back: for few rows, as
   it costs more than hashing them again. DuckDB's integer has the bytes of the text backwards. #}
{% macro row_key_text(key) -%} {{ adapter.dispatch('row_key_text')(key) }} {%- endmacro %}
{% macro default__row_key_text(key) -%}
    lower({{ bytes_backwards("lpad(to_hex(" ~ key ~ "), 32, '0')") }})
{%- endmacro %}
{% macro spark__row_key_text(key) -%} {{ key }} {%- endmacro %}

{% macro row_key_of_text(text) -%} {{ adapter.dispatch('row_key_of_text')(text) }} {%- endmacro %}
{% macro default__row_key_of_text(text) -%}
    {%- set backwards = bytes_backwards(text) -%}
    (cast(cast(concat('0x', substr({{ backwards }}, 1, 16)) as ubigint) as uhugeint)
        * 18446744073709551616
        + cast(concat('0x', substr({{ backwards }}, 17)) as ubigint))
{%- endmacro %}
{% macro spark__row_key_of_text(text) -%} {{ text }} {%- endmacro %}

{% macro bytes_backwards(hexadecimal) -%}
    concat(
    {%- for start in range(31, 0, -2) -%}
        {{ ', ' if not loop.first }}substr({{ hexadecimal }}, {{ start }}, 2)
    {%- endfor -%}
    )
{%- endmacro %}

{% macro row_key_type() -%} {{ return(adapter.dispatch('row_key_type')()) }} {%- endmacro %}
{% macro default__row_key_type() -%} {{ return('uhugeint') }} {%- endmacro %}
{% macro spark__row_key_type() -%} {{ return('string') }} {%- endmacro %}

{# A 64-bit hash of columns, each engine's own: finds what may be equal, decides nothing. #}
{% macro quick_hash(columns) -%} {{ adapter.dispatch('quick_hash')(columns) }} {%- endmacro %}
{% macro default__quick_hash(columns) -%} hash({{ columns | join(', ') }}) {%- endmacro %}
{% macro spark__quick_hash(columns) -%} xxhash64({{ columns | join(', ') }}) {%- endmacro %}

{# Key of an identifier set: a hash of numbers (and a few texts), 128 bits where the engine has them. #}
{% macro set_key(columns) -%} {{ adapter.dispatch('set_key')(columns) }} {%- endmacro %}
{% macro default__set_key(columns) -%}
    (cast(hash({{ columns | join(', ') }}) as uhugeint) * 18446744073709551616
        + hash({{ columns | reverse | join(', ') }}, 1))
{%- endmacro %}
{% macro spark__set_key(columns) -%} {{ surrogate_key(columns) }} {%- endmacro %}

{# Integers that hold a sum of 64-bit integers. #}
{% macro wide_integer_type() -%} {{ return(adapter.dispatch('wide_integer_type')()) }} {%- endmacro %}
{% macro default__wide_integer_type() -%} {{ return('hugeint') }} {%- endmacro %}
{% macro spark__wide_integer_type() -%} {{ return('decimal(38,0)') }} {%- endmacro %}
