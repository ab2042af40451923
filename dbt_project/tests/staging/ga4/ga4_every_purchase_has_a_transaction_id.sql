-- A warning, not an error: purchases without a transaction id are kept as one order per session.
-- Their number is what the tag should be mended for.
{{
    config(
        enabled='ga4' in env_var('CROSSWEAVE_SOURCES', '').split(','),
        severity='warn',
        meta={'dagster': {'ref': {'name': 'fct_orders'}}}
    )
}}
select
    user_pseudo_id,
    ga_session_id,
    occurred_at
from {{ source('ga4', 'events') }}
where
    event_name in ('purchase', 'in_app_purchase')
    and {{ ga4_text('transaction_id') }} is null
