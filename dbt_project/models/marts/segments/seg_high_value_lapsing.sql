-- Grain: one row per person of the top fifth by revenue who stays away longer than is usual for
-- them: twice their mean gap between orders, at least 60 and at most 120 days. Where a churn score
-- exists, it must not say the opposite (upper half).
with

profiles as (

    select * from {{ ref('dim_profiles') }}

),

churn_scores as (

    select
        person_id,
        score_decile
    from {{ ref('scores') }}
    where
        score_name = 'churn_90d'
        and target = '(none)'
        and is_current

),

buyers as (

    select
        person_id,
        last_order_at,
        {{ days_between('last_order_at', as_of()) }} as days_since_order,
        case
            when order_count > 1
                then {{ days_between('first_order_at', 'last_order_at') }} * 1.0 / (order_count - 1)
        end as rhythm_days,
        row_number() over (order by revenue_amount desc, person_id asc) as revenue_rank,
        count(*) over () as buyer_count
    from profiles
    where order_count > 0

),

thresholds as (

    select
        person_id,
        last_order_at,
        days_since_order,
        cast(least(120, greatest(60, coalesce(2 * rhythm_days, 60))) as integer) as lapse_days
    from buyers
    where revenue_rank <= ceil(buyer_count * 0.2)

),

final as (

    select
        thresholds.person_id,
        {{ add_time('thresholds.last_order_at', 'thresholds.lapse_days', 'day') }} as qualified_at
    from thresholds
    left join churn_scores on thresholds.person_id = churn_scores.person_id
    where
        thresholds.days_since_order >= thresholds.lapse_days
        and thresholds.days_since_order <= 365
        and coalesce(churn_scores.score_decile, 10) >= 6

)

select * from final
