-- Grain: one row per person with an order row of theirs.
-- Scores run from 1 to 5 over the persons with a completed order; equal values have equal scores,
-- so that no score depends on the order of ids.
with

orders as (

    select * from {{ ref('fct_orders') }}

),

summed as (

    select
        person_id,
        min(case when status = 'completed' then ordered_at end) as first_order_at,
        max(case when status = 'completed' then ordered_at end) as last_order_at,
        count(case when status = 'completed' then 1 end) as order_count,
        sum(net_revenue_amount) as revenue_amount,
        max(case when is_first_order then channel end) as first_order_channel,
        max(loaded_at) as last_loaded_at
    from orders
    where person_id is not null
    group by person_id

),

buyers as (

    select * from summed
    where order_count > 0

),

ranked as (

    select
        person_id,
        count(*) over () as buyer_count,
        rank() over (order by cast(last_order_at as date)) as recency_rank,
        rank() over (order by order_count) as frequency_rank,
        rank() over (order by coalesce(revenue_amount, 0)) as monetary_rank
    from buyers

),

scored as (

    select
        person_id,
    {% for score in ['recency', 'frequency', 'monetary'] %}
        1 + cast(floor(({{ score }}_rank - 1) * 5.0 / buyer_count) as integer)
            as {{ score }}_score{{ ',' if not loop.last }}
    {% endfor %}
    from ranked

),

final as (

    select
        summed.person_id,
        summed.first_order_at,
        summed.last_order_at,
        cast(summed.order_count as bigint) as order_count,
        cast(coalesce(summed.revenue_amount, 0) as decimal(18, 4)) as revenue_amount,
        scored.recency_score,
        scored.frequency_score,
        scored.monetary_score,
        summed.first_order_channel,
        summed.last_loaded_at
    from summed
    left join scored
        on summed.person_id = scored.person_id

)

select * from final
