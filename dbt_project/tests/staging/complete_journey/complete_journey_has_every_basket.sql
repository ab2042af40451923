-- Published: 155,848 baskets; their revenue is that of the lines. A basket cut by the end of a
-- month would count twice.
{{ config(enabled='complete_journey' in env_var('CROSSWEAVE_SOURCES', '').split(',')) }}
with

totals as (

    select
        count(*) as row_count,
        count(distinct order_id) as basket_count,
        sum(revenue_amount) as sales_amount
    from {{ ref('stg_complete_journey__orders') }}

)

select *
from totals
where row_count <> 155848 or basket_count <> 155848 or sales_amount <> 4596039.58
