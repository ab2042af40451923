-- Grain: one row per exposure of a record to a variant, in its current version.
{% call touched() %}
    {{ touched_facts('experiment_exposures') }}
{% endcall %}
with

exposures as (

    {{ touched_rows(ref('int_contracts__experiment_exposures')) }}

),

record_persons as (

    {{ record_persons_of(
        '(' ~ touched_rows(ref('int_contracts__experiment_exposures')) ~ ') as touched_facts'
    ) }}

),

final as (

    select
        {{ surrogate_key([
            'exposures.source', 'exposures.experiment_id', 'exposures.record_id',
            'exposures.exposed_at',
        ]) }} as exposure_key,
        exposures.experiment_id,
        exposures.variant,
        exposures.source,
        exposures.record_id,
        record_persons.person_id,
        record_persons.person_id_as_known,
        exposures.exposed_at,
        exposures.loaded_at,
        exposures.assigned_at,
        exposures.unit,
        exposures.probability,
        exposures.channel,
        exposures.content_id
    from exposures
    left join record_persons
        on exposures.record_key = record_persons.record_key
    where exposures.superseded_at is null

)

select * from final
