-- Grain: one row per day on which the first 90 days of customers ended: how many, and what they
-- brought by then. Only horizons that are over count, so that young customers lower nothing.
{%- set horizon_days = 90 %}
with

orders as (

    select * from {{ ref('int_kpis__orders') }}
    where person_id is not null

),

customers as (

    select
        person_id,
        min(order_date) as first_order_date
    from orders
    where is_completed
    group by person_id

),

mature_customers as (

    select
        *,
        cast(
            {{ add_time('cast(first_order_date as timestamp)', horizon_days - 1, 'day') }} as date
        ) as activity_date
    from customers
    where {{ days_between('first_order_date', local_time(as_of(), setting('timezone'))) }}
        >= {{ horizon_days }}

),

per_customer as (

    select
        mature_customers.person_id,
        mature_customers.activity_date,
        case when count(orders.margin_amount) = count(*) then sum(orders.margin_amount) end
            as margin_amount,
        sum(case when orders.is_completed then 1 else 0 end) as order_count
    from mature_customers
    inner join orders
        on mature_customers.person_id = orders.person_id
            and mature_customers.activity_date >= orders.order_date
    group by mature_customers.person_id, mature_customers.activity_date

),

final as (

    select
        activity_date,
        count(*) as matured_customer_count,
        sum(case when order_count > 1 then 1 else 0 end) as matured_repeat_count,
        case when count(margin_amount) = count(*) then sum(margin_amount) end
            as matured_margin_amount
    from per_customer
    group by activity_date

)

select * from final
