-- Grain: one row per transaction or refund, and version.
-- A thank-you page that is loaded again sends its purchase again: the first of a file counts, and
-- one that comes in a later file supersedes it as a version of the same order.
with

raw_events as (

    select * from {{ source('ga4', 'events') }}

),

event_names as (

    select * from {{ ref('ga4_events') }}

),

events as (

    {{ ga4_orders() }}

),

final as (

    select
        'ga4' as source,
        case when role = 'refund' then concat('refund:', event_id) else order_id end as order_id,
        event_id as record_id,
        occurred_at as ordered_at,
        _loaded_at as loaded_at,
        channel,
        cast(null as string) as location_id,
        case when role = 'refund' then 'refunded' else 'completed' end as status,
        cast(
            case role
                when 'refund' then -coalesce(refund_value, 0)
                else coalesce(purchase_revenue, 0)
            end as decimal(18, 4)
        ) as revenue_amount,
        case when role = 'refund' then order_id end as related_order_id,
        cast(null as string) as fulfilment_method,
        cast(null as timestamp) as fulfilled_at,
        cast(null as decimal(18, 4)) as discount_amount,
        cast(null as decimal(18, 4)) as margin_amount,
        coalesce(upper(currency), {{ setting('currency') }}) as currency,
        cast(null as string) as offer_id,
        {{ ga4_text('coupon', hidden=true) }} as coupon_code,
        _file_name,
        _row_number
    from events
    where role = 'refund' or repetition = 1

)

select * from final
