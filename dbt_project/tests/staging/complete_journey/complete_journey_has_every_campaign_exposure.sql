-- Published: 6,589 campaign exposures. A join to campaign descriptions that drops or doubles
-- exposures would show here.
{{ config(enabled='complete_journey' in env_var('CROSSWEAVE_SOURCES', '').split(',')) }}
with

totals as (

    select
        count(*) as exposure_count,
        count(distinct touchpoint_id) as distinct_count
    from {{ ref('stg_complete_journey__touchpoints') }}
    where interaction = 'send'

)

select *
from totals
where exposure_count <> 6589 or distinct_count <> 6589
