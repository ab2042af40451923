-- Two orders at the same second once shared a journey, and orders of nobody fell out of it: each
-- completed order ends exactly one converted journey, or is (unattributed) in every model.
{{ config(meta={'dagster': {'ref': {'name': 'fct_journeys'}}}) }}
with

ends as (

    select
        conversion_order_key as order_key,
        count(*) as journey_count
    from {{ ref('fct_journeys') }}
    where goal = 'order' and outcome = 'converted'
    group by conversion_order_key

),

unattributed as (

    select
        order_key,
        count(*) as unattributed_count
    from {{ ref('credits') }}
    where goal = 'order' and channel = '(unattributed)' and model = 'last'
    group by order_key

),

completed_orders as (

    select order_key
    from {{ ref('fct_orders') }}
    where status = 'completed'

)

select
    coalesce(completed_orders.order_key, ends.order_key) as order_key,
    ends.journey_count,
    unattributed.unattributed_count
from completed_orders
full outer join ends
    on completed_orders.order_key = ends.order_key
left join unattributed
    on completed_orders.order_key = unattributed.order_key
where
    completed_orders.order_key is null
    or coalesce(ends.journey_count, 0) + coalesce(unattributed.unattributed_count, 0) <> 1
