-- The accident: orders were given to the buyer and touches of the same record to the device, and
-- half of the store visits of buyers stood on anonymous profiles. So: all facts of one record have
-- the same person (refunds apart, which may take their order's).
{{ config(meta={'dagster': {'ref': {'name': 'fct_touchpoints'}}}) }}
with

facts as (

    select
        source,
        record_id,
        person_id
    from {{ ref('fct_orders') }}
    where not is_refund
    union all
    select
        source,
        record_id,
        person_id
    from {{ ref('fct_offer_events') }}
    union all
    select
        source,
        record_id,
        person_id
    from {{ ref('fct_feedback') }}

),

touchpoints as (

    select * from {{ ref('fct_touchpoints') }}

)

select
    facts.source,
    facts.record_id
from facts
inner join touchpoints
    on facts.source = touchpoints.source
        and facts.record_id = touchpoints.record_id
where facts.person_id is distinct from touchpoints.person_id
