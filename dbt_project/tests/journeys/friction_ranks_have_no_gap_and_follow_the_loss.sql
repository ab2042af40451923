-- A roadmap with two first places is none: ranks are 1 to n, and who loses more stands before.
{{ config(meta={'dagster': {'ref': {'name': 'friction'}}}) }}
with

followed as (

    select
        friction_point,
        priority_rank,
        lost_revenue_estimate,
        lag(lost_revenue_estimate) over (order by priority_rank) as previous_estimate,
        row_number() over (order by priority_rank) as position
    from {{ ref('friction') }}

)

select * from followed
where
    priority_rank <> position
    or lost_revenue_estimate > previous_estimate
