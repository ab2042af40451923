-- Grain: one row per day, channel and campaign, over all sources, contents and kinds of cost.
with

costs as (

    select * from {{ ref('int_contracts__costs') }}

),

channels as (

    select * from {{ ref('channels') }}

),

rates as (

    select * from {{ ref('int_core__exchange_rates') }}

),

converted as (

    select
        costs.cost_date,
        costs.channel,
        costs.campaign_id,
        costs.cost_type,
        costs.impressions,
        costs.clicks,
        costs.loaded_at,
        cast(costs.cost_amount * rates.rate as decimal(18, 4)) as cost_amount
    from costs
    left join rates
        on costs.currency = rates.from_currency
            and costs.cost_date >= rates.valid_from
            and costs.cost_date < rates.valid_before
    where costs.superseded_at is null

),

summed as (

    select
        cost_date,
        channel,
        campaign_id,
        -- one part without a rate makes the sum unknown, not smaller
        case when count(*) = count(cost_amount) then sum(cost_amount) end as cost_amount,
        case
            when count(*) = count(cost_amount)
                then sum(
                        case when coalesce(cost_type, 'media') = 'media' then cost_amount else 0 end
                    )
        end as media_cost_amount,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        max(loaded_at) as loaded_at
    from converted
    group by cost_date, channel, campaign_id

),

final as (

    select
        {{ surrogate_key(['summed.cost_date', 'summed.channel', 'summed.campaign_id']) }}
            as cost_key,
        summed.cost_date,
        summed.channel,
        coalesce(channels.channel_group, 'other') as channel_group,
        summed.campaign_id,
        cast(summed.cost_amount as decimal(18, 4)) as cost_amount,
        cast(summed.media_cost_amount as decimal(18, 4)) as media_cost_amount,
        cast(summed.impressions as bigint) as impressions,
        cast(summed.clicks as bigint) as clicks,
        summed.loaded_at
    from summed
    left join channels
        on summed.channel = channels.channel

)

select * from final
