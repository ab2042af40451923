-- A warning, not an error: these purchase events were left out because they repeat one of the same
-- transaction (without a transaction id: of the same session). Many of them are a fault of the tag.
{{
    config(
        enabled='ga4' in env_var('CROSSWEAVE_SOURCES', '').split(','),
        severity='warn',
        meta={'dagster': {'ref': {'name': 'fct_orders'}}}
    )
}}
with

purchases as (

    select
        coalesce(
            {{ ga4_text('transaction_id') }},
            '(not set):' || user_pseudo_id || '.' || cast(ga_session_id as string)
        ) as order_id
    from {{ source('ga4', 'events') }}
    where event_name in ('purchase', 'in_app_purchase')

)

select
    order_id,
    count(*) - 1 as repetition_count
from purchases
where order_id is not null
group by order_id
having count(*) > 1
