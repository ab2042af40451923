-- Grain: one row per day (tenant's calendar) and channel with touchpoints.
with

touchpoints as (

    select
        *,
        {{ local_date('occurred_at') }} as activity_date,
        is_automated as is_machine
    from {{ ref('fct_touchpoints') }}

),

final as (

    select
        activity_date,
        attribution_channel as channel,
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
        sum(case when interaction = 'complaint' then 1 else 0 end) as complaint_count
    from touchpoints
    group by activity_date, attribution_channel

)

select * from final
