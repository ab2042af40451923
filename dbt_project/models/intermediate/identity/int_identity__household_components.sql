-- Grain: one row per person's anchor and key of a household that belong together now.
with

evidence as (

    select * from {{ ref('int_identity__household_evidence') }}
    where valid_to is null

),

crowded as (

    select key_number
    from evidence
    group by key_number
    having count(distinct person_id) > {{ household_person_limit() }}

)

select distinct
    persons.anchor_number as vertex_a,
    evidence.key_number as vertex_b,
    {{ edge_number('persons.anchor_number', 'evidence.key_number', '1', 'false') }} as edge_number
from evidence
inner join {{ ref('int_identity__persons') }} as persons
    on evidence.person_id = persons.person_id
where evidence.key_number not in (select key_number from crowded)
