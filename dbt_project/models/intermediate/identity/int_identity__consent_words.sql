-- Grain: one row per (identifier_key, person_id, channel, purpose): the latest word for who has,
-- or had, the identifier.
-- A word for all channels or all purposes is a word for each of them. Of two words of the same
-- instant the one that allows less stands.
with

bindings as (

    select * from {{ ref('int_identity__consent_owners') }}

),

channels as (

    select
        channel,
        address_identifier_type
    from {{ ref('channels') }}
    where is_addressable

),

address_types as (

    select distinct address_identifier_type
    from channels
    where address_identifier_type is not null

),

-- an address gets the channels that reach it; a subject that is no address gets every channel
all_channels as (

    select
        identifier_types.identifier_type,
        channels.channel
    from {{ ref('identifier_types') }} as identifier_types
    cross join channels
    left join address_types
        on identifier_types.identifier_type = address_types.address_identifier_type
    where
        address_types.address_identifier_type is null
        or identifier_types.identifier_type = channels.address_identifier_type

),

by_channel as (

    select * from bindings

    union all

    select
        bindings.consent_key,
        bindings.identifier_key,
        bindings.identifier_type,
        bindings.person_id,
        all_channels.channel,
        bindings.purpose,
        bindings.status,
        bindings.jurisdiction,
        bindings.occurred_at,
        bindings.loaded_at
    from bindings
    inner join all_channels on bindings.identifier_type = all_channels.identifier_type
    where bindings.channel = 'all'

),

purposes as (

    {% for purpose in consent_purposes() %}
        select '{{ purpose }}' as purpose{% if not loop.last %} union all{% endif %}

    {% endfor %}

),

by_purpose as (

    select
        by_channel.consent_key,
        by_channel.identifier_key,
        by_channel.identifier_type,
        by_channel.person_id,
        by_channel.channel,
        coalesce(purposes.purpose, by_channel.purpose) as purpose,
        by_channel.status,
        by_channel.jurisdiction,
        by_channel.occurred_at,
        by_channel.loaded_at
    from by_channel
    left join purposes on by_channel.purpose = 'all'

),

ranked as (

    select
        by_purpose.*,
        row_number() over (
            partition by
                by_purpose.identifier_key, by_purpose.person_id, by_purpose.channel,
                by_purpose.purpose
            order by
                by_purpose.occurred_at desc,
                {{ consent_rank('status') }} asc,
                by_purpose.loaded_at desc,
                by_purpose.consent_key asc
        ) as recency
    from by_purpose

),

final as (

    select
        identifier_key,
        identifier_type,
        person_id,
        channel,
        purpose,
        status,
        jurisdiction,
        occurred_at as since
    from ranked
    where recency = 1

)

select * from final
