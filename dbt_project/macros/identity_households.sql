{# Households: persons that share a home, by what a home shares. They never make one person of two. #}

{# A landline or an address that more persons share at a time is a company, a school, a student house. #}
{% macro household_person_limit() -%} 10 {%- endmacro %}

{# Key of a household as a number: like an identifier of rank 21 (address_hash), over a keyed hash, so
   that neither name nor address can be read from it. #}
{% macro household_number(kind, text) -%}
    {{ identifier_number('21', identifier_key('hash_keys.hash_key', kind, text)) }}
{%- endmacro %}
