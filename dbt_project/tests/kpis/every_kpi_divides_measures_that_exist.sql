-- A KPI with a misspelt measure would be no_data for ever, and nobody would know why.
{{ config(meta={'dagster': {'ref': {'name': 'scorecard_weekly'}}}) }}
with

measures as (

    {% for measure in scorecard_measures() %}
        select '{{ measure }}' as measure
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select kpi_goals.*
from {{ ref('kpi_goals') }} as kpi_goals
left join measures as numerators
    on kpi_goals.numerator = numerators.measure
left join measures as denominators
    on kpi_goals.denominator = denominators.measure
where
    numerators.measure is null
    or (kpi_goals.denominator is not null and denominators.measure is null)
