-- Grain: one row per month (tenant's calendar), draw group of conversions and channel: credited
-- orders by every model that splits credit per conversion. Conversions without a touch are left
-- out: nothing about them is uncertain. Read once per run, for the intervals.
{%- set models = attribution_models() %}
select
    {{ month_start(local_time('converted_at', setting('timezone'))) }} as period_start,
    {{ attribution_draw_group('conversion_key') }} as draw_group,
    channel,
{% for model in models %}
    sum({{ model }}_credit) as {{ model }}{{ ',' if not loop.last }}
{% endfor %}
from {{ ref('int_attribution__touch_credits') }}
where
    goal = 'order'
    and touchpoint_key is not null
group by period_start, draw_group, channel
