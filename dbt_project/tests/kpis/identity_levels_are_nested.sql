-- A level that stitches more can only have fewer people, all of whom placed the same orders; and
-- the default level has the customers of the orders. Anything else compares different people.
{{ config(meta={'dagster': {'ref': {'name': 'identity_sensitivity'}}}) }}
with

customers as (

    select
        count(distinct person_id) as customer_count,
        count(*) as order_count
    from {{ ref('fct_orders') }}
    where status = 'completed' and person_id is not null

),

levels as (

    select
        coalesce(max(case when kpi = 'persons' and identity_level = 'strict' then value end), 0)
            as strict_count,
        coalesce(max(case when kpi = 'persons' and identity_level = 'default' then value end), 0)
            as default_count,
        coalesce(max(case when kpi = 'persons' and identity_level = 'loose' then value end), 0)
            as loose_count,
        coalesce(max(case when kpi = 'customers' and identity_level = 'default' then value end), 0)
            as customer_count,
        coalesce(min(case when kpi = 'orders_per_customer' then numerator_amount end), 0)
            as least_order_count,
        coalesce(max(case when kpi = 'orders_per_customer' then numerator_amount end), 0)
            as most_order_count
    from {{ ref('identity_sensitivity') }}

)

select levels.*
from levels
cross join customers
where
    (
        levels.strict_count >= levels.default_count
        and levels.default_count >= levels.loose_count
        and levels.customer_count = customers.customer_count
        and levels.least_order_count = customers.order_count
        and levels.most_order_count = customers.order_count
    ) is not true
