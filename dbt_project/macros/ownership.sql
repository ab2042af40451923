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

{# Whose a record is, whose it was taken to be when it arrived, and the number of the person that its set
   names; over set_persons, ownership and former_owners. #}
{% macro owner_columns() -%}
    coalesce(ownership.person_id, set_persons.person_id) as person_id,
    coalesce(former_owners.person_id, ownership.person_id, set_persons.person_id)
        as person_id_as_known,
    set_persons.person_number as named_person_number
{%- endmacro %}

{# Records with their persons (int_identity__record_persons), of those that a relation names by record_key:
   their few rows come first, not all records with all their persons. #}
{% macro record_persons_of(relation=none) -%}
    {%- set records = ref('int_identity__records') -%}
    {%- if relation is not none -%}
        {%- set records = '(select * from ' ~ records ~ ' where record_key in (select record_key from '
            ~ relation ~ ' where ' ~ is_looked_for('record_key') ~ '))' -%}
    {%- endif -%}
    select
        records.record_key,
        records.set_key,
        {{ owner_columns() }},
        set_persons.identifier_number,
        set_persons.actor_key
    from {{ records }} as records
    inner join {{ ref('int_identity__set_persons') }} as set_persons
        on records.set_key = set_persons.set_key
    left join {{ ref('int_identity__ownership') }} as ownership
        on {{ owned_at('set_persons', 'records.observed_at') }}
    left join {{ ref('int_identity__former_owners') }} as former_owners
        on {{ known_owner_at('set_persons', 'records.loaded_at') }}
{%- endmacro %}
