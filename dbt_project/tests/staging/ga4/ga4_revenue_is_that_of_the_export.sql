-- The accident: a thank-you page that was loaded again doubled the revenue of its order, and orders
-- without a transaction id were thrown away as one. So: every transaction (without an id: every
-- session with a purchase) of the export is one order of the marts, with the revenue that one of
-- its events says, and the marts have no other order of this source.
{{
    config(
        enabled='ga4' in env_var('CROSSWEAVE_SOURCES', '').split(','),
        meta={'dagster': {'ref': {'name': 'fct_orders'}}}
    )
}}
with

purchases as (

    select
        coalesce(purchase_revenue, 0) as revenue_amount,
        case
            when coalesce(transaction_id, '') not in ('', '(not set)') then trim(transaction_id)
            else '(not set):' || user_pseudo_id || '.' || cast(ga_session_id as string)
        end as order_id
    from {{ source('ga4', 'events') }}
    where
        event_name in ('purchase', 'in_app_purchase')
        and _loaded_at < {{ as_of() }}

),

expected as (

    select
        order_id,
        min(revenue_amount) as smallest_amount,
        max(revenue_amount) as largest_amount
    from purchases
    where order_id is not null
    group by order_id

),

found as (

    select
        order_id,
        original_revenue_amount as revenue_amount
    from {{ ref('fct_orders') }}
    where
        source = 'ga4'
        and status = 'completed'
        -- of nobody and no session: one order per event, named after it
        and order_id not like '(no session):%'

)

select
    coalesce(expected.order_id, found.order_id) as order_id,
    expected.smallest_amount,
    expected.largest_amount,
    found.revenue_amount
from expected
full outer join found
    on expected.order_id = found.order_id
where
    expected.order_id is null
    or (found.revenue_amount between expected.smallest_amount and expected.largest_amount)
    is not true
