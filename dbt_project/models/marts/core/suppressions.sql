-- Grain: one row per identifier that must not be contacted.
with

identifiers as (

    select * from {{ ref('int_identity__identifiers') }}

),

address_types as (

    select distinct address_identifier_type
    from {{ ref('channels') }}
    where is_addressable and address_identifier_type is not null

),

-- what former owners of a number said is theirs
words as (

    select words.*
    from {{ ref('int_identity__consent_words') }} as words
    inner join identifiers on words.identifier_key = identifiers.identifier_key
    where words.person_id = identifiers.person_id or identifiers.person_id is null

),

unioned as (

    select
        identifier_key,
        channel,
        reason,
        since
    from {{ ref('int_identity__address_failures') }}

    union all

    -- who withdrew from everything, service messages too
    select
        identifier_key,
        channel,
        status as reason,
        since
    from words
    where purpose = 'service' and status in ('withdrawn', 'objected')

    union all

    -- STOP ends every message to a number, whatever its purpose
    select
        identifier_key,
        channel,
        'stop' as reason,
        since
    from words
    where
        identifier_type = 'phone'
        and channel = 'sms'
        and purpose = 'marketing'
        and status in ('withdrawn', 'objected')

    union all

    select
        identifiers.identifier_key,
        'all' as channel,
        identifiers.invalid_reason as reason,
        identifiers.first_seen_at as since
    from identifiers
    inner join address_types
        on identifiers.identifier_type = address_types.address_identifier_type
    where not identifiers.is_valid

),

-- a reason that names no channel concerns all of them
reasons as (

    select
        identifier_key,
        coalesce(channel, 'all') as channel,
        reason,
        since
    from unioned

),

-- channel: the one that all reasons concern, else all
final as (

    select
        reasons.identifier_key,
        identifiers.identifier_type,
        identifiers.person_id,
        case
            when min(reasons.channel) = max(reasons.channel) then min(reasons.channel) else 'all'
        end
            as channel,
        {{ distinct_text('reasons.reason') }} as reason,
        min(reasons.since) as since
    from reasons
    inner join identifiers on reasons.identifier_key = identifiers.identifier_key
    inner join address_types
        on identifiers.identifier_type = address_types.address_identifier_type
    group by reasons.identifier_key, identifiers.identifier_type, identifiers.person_id

)

select * from final
