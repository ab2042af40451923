-- Grain: one row per identifier set, with the person that the facts of its records belong to.
with

resolved as (

    {{ identity_set_identifiers(
        ref('int_identity__known_observations'), ref('int_identity__clusters')
    ) | indent(4) }}

),

identifier_keys as (

    select * from {{ ref('int_identity__keys') }}

),

final as (

    select
        resolved.set_key,
        clusters.person_id,
        clusters.person_id as person_id_as_known,
        clusters.identifier_key,
        clusters.identifier_type,
        actors.identifier_key as actor_key
    from resolved
    left join {{ ref('int_identity__clusters') }} as clusters
        on resolved.identifier_number = clusters.identifier_number
    left join identifier_keys as actors
        on actors.identifier_number = coalesce(
                resolved.device_number, resolved.identifier_number, resolved.shared_device_number
            )

)

select * from final
