-- The package has 20,940,529 rows; all of them must land, although no mart reads them one by one.
{{ config(enabled='complete_journey' in env_var('CROSSWEAVE_SOURCES', '').split(',')) }}
with

totals as (

    select count(*) as promotion_count
    from {{ source('complete_journey', 'promotions') }}

)

select *
from totals
where promotion_count <> 20940529
