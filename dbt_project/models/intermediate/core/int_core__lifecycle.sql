-- Grain: one row per current person.
-- A buyer's stage is the first row of the seed `lifecycle_stages` that fits the days since the last
-- completed order; without an order a known person is a prospect, an unknown one a visitor.
with

persons as (

    select * from {{ ref('persons') }}

),

order_summary as (

    select * from {{ ref('int_core__order_summary') }}

),

lifecycle_stages as (

    select * from {{ ref('lifecycle_stages') }}

),

buyers as (

    select
        person_id,
        order_count,
        {{ days_between('last_order_at', as_of()) }} as recency_days
    from order_summary
    where order_count > 0

),

fitting as (

    select
        buyers.person_id,
        min(lifecycle_stages.precedence) as precedence
    from buyers
    inner join lifecycle_stages
        on buyers.recency_days >= lifecycle_stages.min_recency_days
            and (
                lifecycle_stages.max_recency_days is null
                or buyers.recency_days <= lifecycle_stages.max_recency_days
            )
            and (
                lifecycle_stages.max_order_count is null
                or buyers.order_count <= lifecycle_stages.max_order_count
            )
    group by buyers.person_id

),

final as (

    select
        persons.person_id,
        coalesce(
            lifecycle_stages.lifecycle_stage,
            case when persons.is_known then 'prospect' else 'visitor' end
        ) as lifecycle_stage
    from persons
    left join fitting
        on persons.person_id = fitting.person_id
    left join lifecycle_stages
        on fitting.precedence = lifecycle_stages.precedence

)

select * from final
