-- Grain: one row per (source, record_id).
with

resolved as (

    {{ identity_record_identifiers(
        ref('int_identity__known_observations'), ref('int_identity__clusters')
    ) | indent(4) }}

),

identifier_keys as (

    select * from {{ ref('int_identity__keys') }}

),

final as (

    select
        {{ row_key(['records.source', 'records.record_id']) }} as record_key,
        records.source,
        records.record_id,
        clusters.person_id,
        clusters.person_id as person_id_as_known,
        clusters.identifier_key,
        clusters.identifier_type,
        actors.identifier_key as actor_key
    from resolved
    inner join {{ ref('int_identity__records') }} as records
        on resolved.record_number = records.record_number
    left join {{ ref('int_identity__clusters') }} as clusters
        on resolved.identifier_number = clusters.identifier_number
    left join identifier_keys as actors
        on actors.identifier_number = coalesce(
                resolved.device_number, resolved.identifier_number, resolved.shared_device_number
            )

)

select * from final
