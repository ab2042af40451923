-- The accident: lines that came a day before their order were dropped by the join and never came
-- back, and the product report was short of best-sellers. So: lines of the mart and lines that
-- wait for their order are together the current lines, in number and in amount, per source.
{{ config(meta={'dagster': {'ref': {'name': 'fct_order_lines'}}}) }}
with

lines as (

    select * from {{ ref('int_contracts__order_lines') }}
    where superseded_at is null

),

orders as (

    select
        source,
        order_id
    from {{ ref('int_contracts__orders') }}
    where superseded_at is null

),

expected as (

    select
        source,
        count(*) as row_count,
        sum(line_amount) as line_amount
    from lines
    group by source

),

waiting as (

    select
        lines.source,
        lines.line_amount
    from lines
    left join orders
        on lines.source = orders.source
            and lines.order_id = orders.order_id
    where orders.order_id is null

),

accounted as (

    select
        source,
        original_line_amount as line_amount
    from {{ ref('fct_order_lines') }}
    union all
    select * from waiting

),

found as (

    select
        source,
        count(*) as row_count,
        sum(line_amount) as line_amount
    from accounted
    group by source

)

select
    coalesce(expected.source, found.source) as source,
    expected.row_count as expected_count,
    found.row_count as found_count
from expected
full outer join found
    on expected.source = found.source
where
    (
        expected.row_count = found.row_count
        and expected.line_amount = found.line_amount
    ) is not true
