-- Grain: one row per (cutoff_at, source, record_id).
with

resolved as (

    {{ identity_record_identifiers(
        ref('int_identity__known_observations_at_cutoff'), ref('int_identity__clusters_at_cutoff')
    ) | indent(4) }}

),

final as (

    select
        resolved.cutoff_at,
        records.source,
        records.record_id,
        clusters.person_id
    from resolved
    inner join {{ ref('int_identity__records') }} as records
        on resolved.record_number = records.record_number
    left join {{ ref('int_identity__clusters_at_cutoff') }} as clusters
        on resolved.cutoff_at = clusters.cutoff_at
            and resolved.identifier_number = clusters.identifier_number

    union all

    select
        {{ as_of() }} as cutoff_at,
        source,
        record_id,
        person_id
    from {{ ref('int_identity__record_persons') }}

)

select * from final
