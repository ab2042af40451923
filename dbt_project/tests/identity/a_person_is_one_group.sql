-- Prevents: two persons with one id, or one with two.
with

pairs as (

    select distinct
        anchor_number,
        person_id
    from {{ ref('int_identity__names') }}

)

select
    'person' as twice,
    person_id as name
from pairs
group by person_id
having count(*) > 1
union all
select
    'group' as twice,
    cast(anchor_number as {{ string_type() }}) as name
from pairs
group by anchor_number
having count(*) > 1
