-- Grain: one row per experiment, in the version that stands at as_of.
with

experiments as (

    {{ current_catalogue('experiments', 'experiment_id') }}

),

final as (

    select
        experiment_id,
        source,
        name,
        hypothesis,
        primary_metric,
        owner,
        started_at,
        ended_at,
        arms,
        valid_from,
        valid_to,
        loaded_at
    from experiments

)

select * from final
