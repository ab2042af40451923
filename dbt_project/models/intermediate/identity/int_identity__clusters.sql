-- Grain: one row per identifier_number that links, with its person; known now.
{% call touched() %}
    select identifier_number from {{ changes(ref('int_identity__groups')) }}
    union all
    select identifier_number from {{ changes(ref('int_identity__names')) }}
{% endcall %}
with

person_groups as (

    {{ touched_rows(ref('int_identity__groups')) }}

),

names as (

    {{ touched_rows(ref('int_identity__names')) }}

),

final as (

    select
        person_groups.*,
        names.person_id,
        names.person_number
    from person_groups
    inner join names
        on person_groups.identifier_number = names.identifier_number

)

select * from final
