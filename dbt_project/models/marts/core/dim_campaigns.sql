-- Grain: one row per campaign, in the version that stands at as_of.
with

campaigns as (

    {{ current_catalogue('campaigns', 'campaign_id') }}

),

rates as (

    select * from {{ ref('int_core__exchange_rates') }}

),

settings as (

    select * from {{ source('ops', 'settings') }}

),

final as (

    select
        campaigns.campaign_id,
        campaigns.source,
        campaigns.name,
        campaigns.channel,
        campaigns.objective,
        campaigns.started_at,
        campaigns.ended_at,
        cast(campaigns.budget_amount * rates.rate as decimal(18, 4)) as budget_amount,
        settings.currency,
        campaigns.core_message_id,
        campaigns.valid_from,
        campaigns.valid_to,
        campaigns.loaded_at
    from campaigns
    cross join settings
    left join rates
        on campaigns.currency = rates.from_currency
            and campaigns.loaded_at >= rates.valid_from
            and campaigns.loaded_at < rates.valid_before

)

select * from final
