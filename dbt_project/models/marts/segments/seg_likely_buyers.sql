-- Grain: one row per known person in the top fifth of purchase propensity to whom nothing was sent
-- in the last 14 days. Advertising that people happened to see is not counted as contact.
with

propensity_scores as (

    select
        person_id,
        scored_at
    from {{ ref('scores') }}
    where
        score_name = 'propensity_30d'
        and target = '(none)'
        and is_current
        and score_decile >= 9

),

profiles as (

    select * from {{ ref('dim_profiles') }}

),

contacted as (

    select distinct person_id
    from {{ ref('fct_touchpoints') }}
    where
        person_id is not null
        and direction = 'outbound'
        and interaction <> 'impression'
        and occurred_at >= {{ add_time(as_of(), -14, 'day') }}

),

final as (

    select
        propensity_scores.person_id,
        propensity_scores.scored_at as qualified_at
    from propensity_scores
    inner join profiles on propensity_scores.person_id = profiles.person_id
    left join contacted on propensity_scores.person_id = contacted.person_id
    where
        profiles.is_known
        and contacted.person_id is null

)

select * from final
