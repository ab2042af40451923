-- Grain: one row per person_id, score_name, target and cutoff_at (the scoring run).
with

scored as (

    select * from {{ source('ops', 'ml_scores') }}

),

final as (

    select
        scored.person_id,
        scored.score_name,
        scored.target,
        scored.score,
        scored.score_low,
        scored.score_high,
        scored.score_decile,
        scored.model_version,
        scored.cutoff_at,
        scored.scored_at,
        scored.cutoff_at = {{ as_of() }} as is_current
    from scored

)

select * from final
