-- With "order, then order again" as steps, every single order was both and every buyer came back:
-- first_order and repeat_order tell them apart.
{{ config(meta={'dagster': {'ref': {'name': 'funnel_results'}}}) }}
select
    kinds.funnel_number,
    kinds.interaction,
    channels.channel,
    count(*) as step_count
from {{ ref('int_journeys__funnel_kinds') }} as kinds
inner join {{ ref('channels') }} as channels
    on channels.channel = coalesce(kinds.channel, channels.channel)
group by kinds.funnel_number, kinds.interaction, channels.channel
having count(*) > 1
