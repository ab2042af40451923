-- With "order, then order again" as steps, every single order was both and every buyer came back:
-- first_order and repeat_order tell them apart.
{{ config(meta={'dagster': {'ref': {'name': 'funnel_results'}}}) }}
select
    funnel_number,
    event_key,
    count(*) as step_count
from {{ ref('int_journeys__funnel_events') }}
group by funnel_number, event_key
having count(*) > 1
