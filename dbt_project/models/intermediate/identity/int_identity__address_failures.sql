-- Grain: one row per (identifier_key, channel, reason): addresses that must not be used.
with

channels as (

    select
        channel,
        address_identifier_type
    from {{ ref('channels') }}
    where is_addressable and address_identifier_type is not null

),

-- few messages fail: what was delivered is only looked at for their addresses
failures as (

    select
        touchpoints.channel,
        touchpoints.interaction,
        touchpoints.occurred_at,
        records.set_key
    from {{ ref('int_contracts__touchpoints') }} as touchpoints
    left join {{ ref('int_identity__records') }} as records
        on touchpoints.record_key = records.record_key
    where
        touchpoints.superseded_at is null
        and touchpoints.interaction in ('complaint', 'bounce')

),

failure_members as (

    select
        set_key,
        identifier_number
    from {{ ref('int_identity__set_members') }}
    where superseded_at is null and set_key in (select set_key from failures)

),

failed as (

    select
        identifier_keys.identifier_key,
        identifier_keys.identifier_number,
        failures.channel,
        min(case when failures.interaction = 'complaint' then failures.occurred_at end)
            as complained_at,
        max(case when failures.interaction = 'bounce' then failures.occurred_at end) as bounced_at
    from failures
    inner join channels on failures.channel = channels.channel
    inner join failure_members on failures.set_key = failure_members.set_key
    inner join {{ ref('int_identity__keys') }} as identifier_keys
        on failure_members.identifier_number = identifier_keys.identifier_number
            and channels.address_identifier_type = identifier_keys.identifier_type
    group by identifier_keys.identifier_key, identifier_keys.identifier_number, failures.channel

),

bounced_members as (

    select
        members.set_key,
        failed.identifier_number,
        failed.channel,
        failed.bounced_at
    from failed
    inner join {{ ref('int_identity__set_members') }} as members
        on failed.identifier_number = members.identifier_number
    where failed.bounced_at is not null and members.superseded_at is null

),

bounced_records as (

    select
        record_key,
        set_key
    from {{ ref('int_identity__records') }}
    where set_key in (select set_key from bounced_members)

),

reached as (

    select
        record_key,
        channel,
        occurred_at
    from {{ ref('int_contracts__touchpoints') }}
    where
        superseded_at is null
        and interaction in ('delivery', 'open', 'click')
        and record_key in (select record_key from bounced_records)

),

-- a bounce that a later delivery disproves was a full mailbox, not a dead one
disproved as (

    select distinct
        bounced_members.identifier_number,
        bounced_members.channel
    from reached
    inner join bounced_records on reached.record_key = bounced_records.record_key
    inner join bounced_members
        on bounced_records.set_key = bounced_members.set_key
            and reached.channel = bounced_members.channel
            and reached.occurred_at > bounced_members.bounced_at

),

final as (

    select
        identifier_key,
        channel,
        'complaint' as reason,
        complained_at as since
    from failed
    where complained_at is not null

    union all

    select
        failed.identifier_key,
        failed.channel,
        'bounce' as reason,
        failed.bounced_at as since
    from failed
    left join disproved
        on failed.identifier_number = disproved.identifier_number
            and failed.channel = disproved.channel
    where failed.bounced_at is not null and disproved.identifier_number is null

)

select * from final
