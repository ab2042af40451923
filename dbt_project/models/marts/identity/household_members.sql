-- Grain: one row per household and person who lived or lives there.
-- A home that somebody left is the household of whoever lives there now; one that too many share is
-- no household.
with

evidence as (

    select * from {{ ref('int_identity__household_evidence') }}

),

components as (

    select * from {{ ref('int_identity__household_components') }}

),

placed as (

    select
        evidence.*,
        coalesce(components.component_id, evidence.key_number) as household_number
    from evidence
    left join components
        on evidence.key_number = components.vertex_id
    -- an open key without a component is crowded
    where components.vertex_id is not null or evidence.valid_to is not null

),

final as (

    select
        {{ surrogate_key(["'household'", 'household_number']) }} as household_id,
        person_id,
        min(valid_from) as valid_from,
        case when count(*) = count(valid_to) then max(valid_to) end as valid_to,
        {{ distinct_text('evidence') }} as evidence
    from placed
    group by household_number, person_id

)

select * from final
