-- Published: 2,469 households in the transactions. A number read as a float ('900.0') would make
-- a second household of one.
{{ config(enabled='complete_journey' in env_var('CROSSWEAVE_SOURCES', '').split(',')) }}
with

totals as (

    select count(distinct identifier_value) as household_count
    from {{ ref('stg_complete_journey__identifiers') }}
    where identifier_type = 'loyalty_id' and record_id like 'basket:%'

)

select *
from totals
where household_count <> 2469
