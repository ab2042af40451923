-- Grain: one row per channel: those of the seed, and those that a fact names and the seed does not.
with

channels as (

    select * from {{ ref('channels') }}

),

named_channels as (

    select channel from {{ ref('int_contracts__touchpoints') }}
    union
    select source_channel as channel
    from {{ ref('int_contracts__touchpoints') }}
    where source_channel is not null
    union
    select channel from {{ ref('int_contracts__orders') }}
    union
    select channel from {{ ref('int_contracts__costs') }}

),

rates as (

    select * from {{ ref('int_core__exchange_rates') }}

),

settings as (

    select * from {{ source('ops', 'settings') }}

),

all_channels as (

    select channel from channels
    union
    select channel from named_channels

),

final as (

    select
        all_channels.channel,
        coalesce(channels.channel_group, 'other') as channel_group,
        channels.channel is not null as is_listed,
        channels.is_owned,
        channels.is_analog,
        channels.is_addressable,
        channels.is_pull,
        channels.address_identifier_type,
        cast(channels.unit_cost_amount * rates.rate as decimal(18, 4)) as unit_cost_amount,
        settings.currency
    from all_channels
    cross join settings
    left join channels
        on all_channels.channel = channels.channel
    left join rates
        on coalesce(channels.currency, settings.currency) = rates.from_currency
            and settings.as_of >= rates.valid_from
            and settings.as_of < rates.valid_before

)

select * from final
