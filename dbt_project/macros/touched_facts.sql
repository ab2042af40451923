{# What new evidence touches of models that tie rows of a contract to persons by their record. #}

{# Records that say something else now, or belong to another person. A subquery. #}
{% macro touched_records() -%}
(
    select record_key from {{ changes(ref('int_identity__records')) }}
    union all
    select record_key from {{ ref('int_identity__records') }}
    where set_key in (
            select set_key from {{ changes(ref('int_identity__set_persons')) }}
            union all
            select set_key from {{ ref('int_identity__set_persons') }}
            where identifier_number in (
                    select identifier_number from {{ changes(ref('int_identity__ownership')) }}
                )
        )
)
{%- endmacro %}

{# Touched block of a fact that is replaced by record_id: rows that arrived or left, and those whose
   record says something else now, or belongs to another person. #}
{% macro touched_facts(contract) -%}
    {%- set rows = ref('int_contracts__' ~ contract) -%}
    select record_id from {{ changes(rows) }}
    union all
    select record_id from {{ rows }}
    where record_key in {{ touched_records() }}
{%- endmacro %}

{# Touched block of a model that is replaced by person_id: persons who got, lost or changed a row of the
   contract, by the row itself, by what its record says, or because their sets went to somebody else. #}
{% macro touched_owners(contract) -%}
    {%- set rows = ref('int_contracts__' ~ contract) -%}
    {%- set set_persons = ref('int_identity__set_persons') -%}
    {%- set ownership = ref('int_identity__ownership') -%}
    select person_id from {{ changes(set_persons) }}
    union all
    select person_id from {{ changes(ownership) }}
    union all
    -- who has the set, and everybody who ever had its identifier
    select
        case when sides.is_owner then ownership.person_id else set_persons.person_id end as person_id
    from {{ set_persons }} as set_persons
    left join {{ ownership }} as ownership
        on set_persons.identifier_number = ownership.identifier_number
    cross join (select true as is_owner union all select false as is_owner) as sides
    where set_persons.set_key in (
            select set_key from {{ changes(ref('int_identity__records')) }}
            where record_key in (select record_key from {{ rows }})
            union all
            select set_key from {{ ref('int_identity__records') }}
            where record_key in (select record_key from {{ changes(rows) }})
        )
{%- endmacro %}
