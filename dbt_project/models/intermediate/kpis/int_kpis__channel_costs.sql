-- Grain: one row per day (tenant's calendar) and channel with spend: the sum of its campaigns.
{%- set measures = [
    'booked_cost_amount', 'contact_cost_amount', 'cost_amount',
] %}
select
    cost_date,
    channel,
    {% for measure in measures %}
        cast(sum({{ measure }}) as decimal(18, 4)) as {{ measure }},
    {% endfor %}
    cast(sum(paid_impression_count) as bigint) as paid_impression_count,
    cast(sum(paid_click_count) as bigint) as paid_click_count
from {{ ref('int_kpis__campaign_costs') }}
group by cost_date, channel
