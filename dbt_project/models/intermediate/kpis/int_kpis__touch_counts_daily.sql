-- Grain: one row per day (tenant's calendar) and attribution channel with touchpoints.
{%- set measures = [
    'touchpoint_count', 'automated_count', 'impression_count', 'send_count', 'delivery_count',
    'bounce_count', 'open_count', 'click_count', 'engagement_count', 'unsubscribe_count',
    'complaint_count',
] %}
select
    activity_date,
    attribution_channel as channel,
{% for measure in measures %}
    sum({{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
{% endfor %}
from {{ ref('int_kpis__touch_days') }}
group by activity_date, attribution_channel
