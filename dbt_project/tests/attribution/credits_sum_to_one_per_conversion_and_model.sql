-- A common attribution package joins touches to conversions by inner join: what had no touch
-- vanished and totals never reconciled. Every conversion has credit 1 and its whole revenue, in
-- every model.
{{ config(meta={'dagster': {'ref': {'name': 'credits'}}}) }}
with

models as (

    {{ attribution_model_rows() }}

),

expected as (

    select
        models.model,
        conversions.conversion_key,
        conversions.revenue_amount
    from {{ ref('int_journeys__conversions') }} as conversions
    cross join models

),

credited as (

    select
        model,
        conversion_key,
        sum(credit) as credit,
        sum(revenue_credit) as revenue_credit
    from {{ ref('credits') }}
    group by model, conversion_key

)

select
    coalesce(expected.model, credited.model) as model,
    coalesce(expected.conversion_key, credited.conversion_key) as conversion_key,
    credited.credit,
    credited.revenue_credit,
    expected.revenue_amount
from expected
full outer join credited
    on expected.model = credited.model
        and expected.conversion_key = credited.conversion_key
where
    (abs(credited.credit - 1) <= 1e-9) is not true
    or (credited.revenue_credit = expected.revenue_amount) is not true
