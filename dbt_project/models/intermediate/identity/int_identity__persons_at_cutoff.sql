-- Grain: one row per (cutoff_at, person_id).
with

clusters as (

    select
        cutoff_at,
        person_id,
        anchor_identifier_key,
        is_known
    from {{ ref('int_identity__clusters_at_cutoff') }}

    union all

    select
        cutoff_at,
        person_id,
        anchor_identifier_key,
        is_known
    from {{ ref('int_identity__clusters') }}

),

final as (

    select distinct
        cutoff_at,
        person_id,
        anchor_identifier_key,
        is_known
    from clusters

)

select * from final
