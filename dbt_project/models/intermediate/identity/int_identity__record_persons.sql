-- Grain: one row per (source, record_id).
with

resolved as (

    {{ identity_record_persons(
        ref('int_identity__known_observations'), ref('int_identity__clusters')
    ) | indent(4) }}

),

final as (

    select
        source,
        record_id,
        person_id,
        person_id as person_id_as_known,
        identifier_key,
        identifier_type,
        actor_key
    from resolved

)

select * from final
