-- The accident: a join to a seed of channels dropped every touch of a channel that nobody had
-- listed, and another one to click landings counted visits twice. So: keys delivered by source and
-- channel equal rows of the mart.
with

{% set sources = sources_of_contract('touchpoints') %}

delivered as (

    {% for source in sources %}
    select
        source,
        count(distinct touchpoint_id) as row_count
    from {{ ref('stg_' ~ source ~ '__touchpoints') }}
    where loaded_at < {{ as_of() }}
    group by source
    {% if not loop.last %}union all{% endif %}
    {% else %}
    select
        source,
        count(*) as row_count
    from {{ ref('int_contracts__touchpoints') }}
    where 1 = 0
    group by source
    {% endfor %}

),

expected as (

    select
        source,
        sum(row_count) as row_count
    from delivered
    group by source

),

found as (

    select
        source,
        count(*) as row_count
    from {{ ref('fct_touchpoints') }}
    group by source

)

select
    coalesce(expected.source, found.source) as source,
    expected.row_count as expected_count,
    found.row_count as found_count
from expected
full outer join found
    on expected.source = found.source
where (expected.row_count = found.row_count) is not true
