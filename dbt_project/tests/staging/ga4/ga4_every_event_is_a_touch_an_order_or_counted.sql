-- The accident: events that nobody had mapped vanished between the export and the marts, and a join
-- to sessions doubled others. So: per file, the events that the seed calls a touch are as many as
-- touchpoints, with an id each; purchases are orders and repetitions; the rest is what is left.
{{
    config(
        enabled='ga4' in env_var('CROSSWEAVE_SOURCES', '').split(','),
        meta={'dagster': {'ref': {'name': 'fct_touchpoints'}}}
    )
}}
with

events as (

    select
        events._file_name,
        count(*) as event_count,
        sum(case when event_names.role = 'touch' then 1 else 0 end) as touch_count,
        sum(case when event_names.role = 'refund' then 1 else 0 end) as refund_count,
        count(distinct case
            when coalesce(event_names.role, 'none') <> 'order' then null
            when coalesce(events.transaction_id, '') not in ('', '(not set)') then transaction_id
            else coalesce(
                    events.user_pseudo_id || '/' || cast(events.ga_session_id as string),
                    concat('#', cast(events._row_number as string))
                )
        end) as order_count,
        sum(case when coalesce(event_names.role, 'none') = 'none' then 1 else 0 end) as other_count,
        sum(case when event_names.role = 'order' then 1 else 0 end) as purchase_count
    from {{ source('ga4', 'events') }} as events
    left join {{ ref('ga4_events') }} as event_names
        on events.event_name = event_names.event_name
    group by events._file_name

),

touchpoints as (

    select
        _file_name,
        count(*) as row_count,
        count(distinct touchpoint_id) as id_count
    from {{ ref('stg_ga4__touchpoints') }}
    group by _file_name

),

orders as (

    select
        _file_name,
        sum(case when status = 'completed' then 1 else 0 end) as order_count,
        sum(case when status = 'refunded' then 1 else 0 end) as refund_count
    from {{ ref('stg_ga4__orders') }}
    group by _file_name

)

select
    events.*,
    touchpoints.row_count,
    touchpoints.id_count,
    orders.order_count as found_order_count,
    orders.refund_count as found_refund_count
from events
left join touchpoints
    on events._file_name = touchpoints._file_name
left join orders
    on events._file_name = orders._file_name
where
    events.touch_count <> coalesce(touchpoints.row_count, 0)
    or events.touch_count <> coalesce(touchpoints.id_count, 0)
    or events.order_count <> coalesce(orders.order_count, 0)
    or events.refund_count <> coalesce(orders.refund_count, 0)
    or events.event_count
    <> events.touch_count + events.purchase_count + events.refund_count + events.other_count
