-- Grain: one row per order, in its current version; a refund is a row of its own, at its own date.
with

orders as (

    select * from {{ ref('int_contracts__orders') }}

),

record_persons as (

    {{ record_persons_of(ref('int_contracts__orders')) }}

),

channels as (

    select * from {{ ref('channels') }}

),

rates as (

    select * from {{ ref('int_core__exchange_rates') }}

),

current_orders as (

    select
        {{ surrogate_key(['orders.source', 'orders.order_id']) }} as order_key,
        case
            when orders.related_order_id is not null
                then {{ surrogate_key(['orders.source', 'orders.related_order_id']) }}
        end as related_order_key,
        orders.*,
        record_persons.person_id,
        record_persons.person_id_as_known,
        record_persons.named_person_number
    from orders
    left join record_persons
        on orders.record_key = record_persons.record_key
    where orders.superseded_at is null

),

attributed as (

    -- a refund belongs to the person of its order, so that nobody's revenue is reduced by another's
    -- return; where the order is nobody's, to the person that the refund itself names
    select
        current_orders.*,
        coalesce(refunded_orders.person_id, current_orders.person_id) as owner_id,
        coalesce(refunded_orders.person_id_as_known, current_orders.person_id_as_known)
            as owner_id_as_known,
        coalesce(refunded_orders.named_person_number, current_orders.named_person_number)
            as owner_number,
        current_orders.status = 'refunded'
        or (current_orders.related_order_id is not null and current_orders.revenue_amount < 0)
            as is_refund
    from current_orders
    left join current_orders as refunded_orders
        on current_orders.related_order_key = refunded_orders.order_key

),

numbered as (

    select
        attributed.*,
        case
            when attributed.status = 'completed' and attributed.owner_id is not null
                then row_number() over (
                        partition by attributed.owner_id, attributed.status
                        order by attributed.ordered_at, attributed.order_key
                    )
        end as order_number
    from attributed

),

final as (

    select
        numbered.order_key,
        numbered.order_id,
        numbered.source,
        numbered.record_id,
        numbered.owner_id as person_id,
        numbered.owner_id_as_known as person_id_as_known,
        numbered.owner_number as named_person_number,
        numbered.ordered_at,
        numbered.loaded_at,
        numbered.channel,
        coalesce(channels.channel_group, 'other') as channel_group,
        numbered.location_id,
        numbered.status,
        numbered.is_refund,
        cast(numbered.revenue_amount * rates.rate as decimal(18, 4)) as revenue_amount,
        cast(
            case
                when numbered.status = 'completed' or numbered.revenue_amount < 0
                    then numbered.revenue_amount * rates.rate
                else 0
            end as decimal(18, 4)
        ) as net_revenue_amount,
        cast(numbered.discount_amount * rates.rate as decimal(18, 4)) as discount_amount,
        cast(numbered.margin_amount * rates.rate as decimal(18, 4)) as margin_amount,
        numbered.currency as original_currency,
        numbered.revenue_amount as original_revenue_amount,
        rates.rate as exchange_rate,
        cast(numbered.order_number as integer) as order_number,
        coalesce(numbered.order_number = 1, false) as is_first_order,
        numbered.related_order_id,
        numbered.related_order_key,
        numbered.fulfilment_method,
        numbered.fulfilled_at,
        numbered.offer_id,
        numbered.coupon_code
    from numbered
    left join channels
        on numbered.channel = channels.channel
    left join rates
        on numbered.currency = rates.from_currency
            and numbered.ordered_at >= rates.valid_from
            and numbered.ordered_at < rates.valid_before

)

select * from final
