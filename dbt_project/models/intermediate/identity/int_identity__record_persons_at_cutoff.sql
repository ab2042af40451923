-- Grain: one row per (cutoff_at, source, record_id).
with

resolved as (

    {{ identity_record_persons(
        ref('int_identity__known_observations_at_cutoff'), ref('int_identity__clusters_at_cutoff')
    ) | indent(4) }}

),

final as (

    select cutoff_at, source, record_id, person_id
    from resolved

    union all

    select {{ as_of() }} as cutoff_at, source, record_id, person_id
    from {{ ref('int_identity__record_persons') }}

)

select * from final
