-- Grain: one row per cutoff and order row of a person, as it was known before the cutoff.
{{ config(materialized='view') }}
with

cutoffs as (

    select * from {{ ref('int_features__cutoffs') }}

),

orders as (

    select * from {{ ref('int_contracts__orders') }}

),

record_persons as (

    select * from {{ ref('int_identity__record_persons_at_cutoff') }}

),

exchange_rates as (

    select * from {{ ref('int_core__exchange_rates') }}

),

known as (

    select
        cutoffs.cutoff_at,
        orders.*,
        orders.status = 'refunded'
        or (orders.related_order_id is not null and orders.revenue_amount < 0) as is_refund
    from orders
    inner join cutoffs
        on orders.ordered_at < cutoffs.cutoff_at
            and {{ known_at_cutoff('orders') }}

),

owned as (

    -- a refund belongs to the person of its order, as in fct_orders; where that is nobody's, to the
    -- person that the refund itself names
    select
        known.*,
        coalesce(related_persons.person_id, record_persons.person_id) as person_id
    from known
    left join record_persons
        on known.cutoff_at = record_persons.cutoff_at
            and known.record_key = record_persons.record_key
    left join known as related_orders
        on known.cutoff_at = related_orders.cutoff_at
            and known.source = related_orders.source
            and known.related_order_id = related_orders.order_id
    left join record_persons as related_persons
        on related_orders.cutoff_at = related_persons.cutoff_at
            and related_orders.record_key = related_persons.record_key

),

final as (

    select
        owned.cutoff_at,
        owned.person_id,
        owned.source,
        owned.order_id,
        owned.channel,
        owned.ordered_at,
        {{ days_before('owned.ordered_at', 'owned.cutoff_at') }} as age_days,
        owned.status = 'completed' as is_completed,
        owned.is_refund,
        cast(
            case
                when owned.status = 'completed' or owned.revenue_amount < 0
                    then owned.revenue_amount * exchange_rates.rate
                else 0
            end as decimal(18, 4)
        ) as net_revenue_amount,
        cast(owned.discount_amount * exchange_rates.rate as decimal(18, 4)) as discount_amount
    from owned
    left join exchange_rates
        on owned.currency = exchange_rates.from_currency
            and owned.ordered_at >= exchange_rates.valid_from
            and owned.ordered_at < exchange_rates.valid_before
    where owned.person_id is not null

)

select * from final
