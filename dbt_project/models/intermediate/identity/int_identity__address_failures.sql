-- Grain: one row per (identifier_key, channel, reason): addresses that must not be used.
with

touchpoints as (

    select * from {{ ref('int_contracts__touchpoints') }}
    where superseded_at is null

),

channels as (

    select
        channel,
        address_identifier_type
    from {{ ref('channels') }}
    where is_addressable and address_identifier_type is not null

),

record_identifiers as (

    select * from {{ ref('int_identity__record_identifiers') }}

),

answers as (

    select
        record_identifiers.identifier_key,
        touchpoints.channel,
        min(case when touchpoints.interaction = 'complaint' then touchpoints.occurred_at end)
            as complained_at,
        max(case when touchpoints.interaction = 'bounce' then touchpoints.occurred_at end)
            as bounced_at,
        max(case
            when touchpoints.interaction in ('delivery', 'open', 'click')
                then touchpoints.occurred_at
        end) as reached_at
    from touchpoints
    inner join channels on touchpoints.channel = channels.channel
    inner join record_identifiers
        on touchpoints.record_key = record_identifiers.record_key
            and channels.address_identifier_type = record_identifiers.identifier_type
    where touchpoints.interaction in ('complaint', 'bounce', 'delivery', 'open', 'click')
    group by record_identifiers.identifier_key, touchpoints.channel

),

-- a bounce that a later delivery disproves was a full mailbox, not a dead one
final as (

    select
        identifier_key,
        channel,
        'complaint' as reason,
        complained_at as since
    from answers
    where complained_at is not null

    union all

    select
        identifier_key,
        channel,
        'bounce' as reason,
        bounced_at as since
    from answers
    where bounced_at is not null and (reached_at > bounced_at) is not true

)

select * from final
