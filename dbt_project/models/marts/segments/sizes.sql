-- Grain: one row per segment, members or not.
-- What a segment is worth before anything is sent to it. Revenue is what its present members
-- brought in the 365 days before as_of, net of what was given back.
with

definitions as (

    {{ segment_definitions() }}

),

members as (

    select * from {{ ref('membership') }}
    where exited_at is null

),

persons as (

    select distinct person_id from members

),

reachable as (

    select
        segment,
        count(distinct person_id) as reachable_count
    from {{ ref('int_segments__reachable') }}
    group by segment

),

revenues as (

    select
        orders.person_id,
        sum(case when orders.status = 'completed' then 1 else 0 end) as order_count,
        sum(orders.net_revenue_amount) as revenue_amount
    from {{ ref('fct_orders') }} as orders
    inner join persons on orders.person_id = persons.person_id
    where
        orders.ordered_at >= {{ add_time(as_of(), -365, 'day') }}
        and orders.ordered_at < {{ as_of() }}
    group by orders.person_id

),

scores as (

    select
        {% for score in segment_scores() %}
            max(case when scores.score_name = '{{ score }}' then scores.score end) as {{ score }},
        {% endfor %}
        scores.person_id
    from {{ ref('scores') }} as scores
    inner join persons on scores.person_id = persons.person_id
    where
        scores.is_current
        and scores.target = '(none)'
    group by scores.person_id

),

summed as (

    select
        members.segment,
        {% for score in segment_scores() %}
            avg(scores.{{ score }}) as {{ score }}_mean,
        {% endfor %}
        count(*) as member_count,
        sum(case when members.is_holdout then 1 else 0 end) as holdout_count,
        sum(case when revenues.order_count > 0 then 1 else 0 end) as buyer_count,
        sum(revenues.order_count) as order_count,
        sum(revenues.revenue_amount) as revenue_amount
    from members
    left join revenues on members.person_id = revenues.person_id
    left join scores on members.person_id = scores.person_id
    group by members.segment

),

final as (

    select
        definitions.segment,
        definitions.segment_version,
        definitions.owner,
        definitions.purpose,
        definitions.refresh,
        {% for score in segment_scores() %}
            cast(round(summed.{{ score }}_mean, 6) as double) as {{ score }}_mean,
        {% endfor %}
        cast(coalesce(summed.member_count, 0) as bigint) as member_count,
        cast(coalesce(summed.holdout_count, 0) as bigint) as holdout_count,
        cast(coalesce(reachable.reachable_count, 0) as bigint) as reachable_count,
        cast(coalesce(summed.buyer_count, 0) as bigint) as buyer_365d_count,
        cast(coalesce(summed.order_count, 0) as bigint) as order_365d_count,
        cast(coalesce(summed.revenue_amount, 0) as decimal(18, 4)) as revenue_365d_amount
    from definitions
    left join summed on definitions.segment = summed.segment
    left join reachable on definitions.segment = reachable.segment

)

select * from final
