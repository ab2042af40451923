-- Grain: one row per identifier set, with the person that the facts of its records belong to.
{% call touched() %}
    select set_key from {{ changes(ref('int_identity__known_observations')) }}
    union all
    select set_key from {{ ref('int_identity__known_observations') }}
    where identifier_number in (
            select identifier_number from {{ changes(ref('int_identity__clusters')) }}
        )
{% endcall %}
with

resolved as (

    {{ identity_set_identifiers(
        at_as_of(ref('int_identity__known_observations'), is_touched('set_key')),
        at_as_of(ref('int_identity__clusters')), at_cutoffs=false
    ) | indent(4) }}

),

identifier_keys as (

    select * from {{ ref('int_identity__keys') }}

),

final as (

    select
        resolved.set_key,
        clusters.person_id,
        clusters.person_number,
        resolved.identifier_number,
        actors.identifier_key as actor_key,
        coalesce(
            actors.identifier_number <> resolved.identifier_number or clusters.scope <> 'person',
            false
        ) as is_device_actor
    from resolved
    left join {{ ref('int_identity__clusters') }} as clusters
        on resolved.identifier_number = clusters.identifier_number
    left join identifier_keys as actors
        on actors.identifier_number = coalesce(
                resolved.device_number, resolved.identifier_number, resolved.shared_device_number
            )

)

select * from final
