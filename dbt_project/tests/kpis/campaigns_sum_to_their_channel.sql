-- What belongs to no campaign fell out of a report by campaign: on every day the campaigns of a
-- channel, (none) included, have what the channel has.
{{ config(meta={'dagster': {'ref': {'name': 'campaign_daily'}}}) }}
{%- set measures = [
    'touchpoint_count', 'click_count', 'engagement_count', 'session_count', 'store_visit_count',
    'conversion_count', 'new_customer_count', 'revenue_amount', 'net_revenue_amount',
    'margin_amount', 'cost_amount',
] %}
with

campaigns as (

    select
        activity_date,
        channel,
    {% for measure in measures %}
        sum({{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
    {% endfor %}
    from {{ ref('campaign_daily') }}
    group by activity_date, channel

)

select channels.*
from {{ ref('channel_daily') }} as channels
full outer join campaigns
    on channels.activity_date = campaigns.activity_date
        and channels.channel = campaigns.channel
where
    channels.channel is null
    or campaigns.channel is null
    {% for measure in measures %}
        or channels.{{ measure }} <> campaigns.{{ measure }}
    {% endfor %}
