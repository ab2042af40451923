{# Whose an identifier was: join conditions on its history, in one place. `owned` is an alias that has
   identifier_number, `at` the column of the time. No row: it always was its present person's. #}

{# Whose turn it was when a record was seen (int_identity__ownership as ownership). #}
{% macro owned_at(owned, at) -%}
    {{ owned }}.identifier_number = ownership.identifier_number
    and {{ at }} >= ownership.valid_from
    and {{ at }} < ownership.valid_before
{%- endmacro %}

{# Whose it was taken to be when a record arrived (int_identity__former_owners as former_owners). #}
{% macro known_owner_at(owned, at) -%}
    {{ owned }}.identifier_number = former_owners.identifier_number
    and {{ at }} >= former_owners.known_from
    and {{ at }} < former_owners.known_before
{%- endmacro %}
