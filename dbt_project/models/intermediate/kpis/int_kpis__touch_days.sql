-- Grain: one row per day (tenant's calendar), source, channel, attribution channel and campaign
-- with touchpoints: all that daily figures need of them, so that the facts are read once.
{%- set late_after_s = 7 * 86400 %}
with

quarter_dates as (

    {{ quarter_dates(ref('fct_touchpoints'), 'occurred_at') }}

),

touchpoints as (

    select
        touchpoints.*,
        quarter_dates.local_date as activity_date,
        touchpoints.is_automated as is_machine,
        touchpoints.interaction
        in ('send', 'outbound_call', 'outbound_call_answered', 'inbound_call') as is_contact
    from {{ ref('fct_touchpoints') }} as touchpoints
    inner join quarter_dates
        on {{ quarter('touchpoints.occurred_at') }} = quarter_dates.quarter

),

final as (

    select
        activity_date,
        source,
        channel,
        attribution_channel,
        campaign_id,
        count(*) as touchpoint_count,
        sum(case when is_machine then 1 else 0 end) as automated_count,
        sum(case when interaction = 'impression' then 1 else 0 end) as impression_count,
        sum(case when interaction = 'send' then 1 else 0 end) as send_count,
        sum(case when interaction = 'delivery' then 1 else 0 end) as delivery_count,
        sum(case when interaction = 'bounce' then 1 else 0 end) as bounce_count,
        sum(case when interaction = 'open' and not is_machine then 1 else 0 end) as open_count,
        sum(case when interaction = 'click' and not is_machine then 1 else 0 end) as click_count,
        sum(case when is_engagement and not is_machine then 1 else 0 end) as engagement_count,
        sum(case when interaction = 'unsubscribe' then 1 else 0 end) as unsubscribe_count,
        sum(case when interaction = 'complaint' then 1 else 0 end) as complaint_count,
        sum(case when interaction = 'add_to_cart' and not is_machine then 1 else 0 end)
            as cart_count,
        sum(
            case
                when interaction in ('register', 'loyalty_join') and not is_machine then 1
                else 0
            end
        ) as sign_up_count,
        sum(case when interaction = 'store_visit' then 1 else 0 end) as store_visit_count,
        sum(
            case
                when {{ seconds_between('occurred_at', 'loaded_at') }} > {{ late_after_s }} then 1
                else 0
            end
        ) as late_count,
        sum(cost_amount) as known_cost_amount,
        count(cost_amount) as known_cost_count,
        sum(case when is_contact and cost_amount is null then 1 else 0 end) as unpriced_count
    from touchpoints
    group by activity_date, source, channel, attribution_channel, campaign_id

)

select * from final
