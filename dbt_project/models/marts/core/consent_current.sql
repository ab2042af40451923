-- Grain: one row per (person_id, channel, purpose).
-- The most restrictive word over the person's identifiers; who objected to a purpose, objected to
-- it on every channel. Where nobody said anything about a channel on which the person has an
-- address, a refusal of all channels stands, else the jurisdiction decides.
with

words as (

    select * from {{ ref('consent_by_identifier') }}
    where person_id is not null

),

jurisdictions as (

    select * from {{ ref('int_identity__jurisdictions') }}

),

ranked as (

    select
        words.*,
        row_number() over (
            partition by words.person_id, words.channel, words.purpose
            order by
                {{ consent_rank('status') }} asc, case when words.is_explicit then 0 else 1 end,
                words.since desc, words.identifier_key asc
        ) as position
    from words

),

rules as (

    select * from {{ ref('int_identity__consent_rules') }}
    where purpose <> 'all'

),

addresses as (

    select distinct
        person_id,
        identifier_type as address_identifier_type
    from {{ ref('int_identity__identifiers') }}
    where
        person_id is not null
        and is_valid
        and identifier_type in (select address_identifier_type from rules)
    union
    select
        person_id,
        'postal_address' as address_identifier_type
    from {{ ref('int_core__contact_attributes') }}
    where street is not null

),

by_law as (

    select
        jurisdictions.person_id,
        jurisdictions.channel,
        rules.purpose,
        case
            when refused.status is not null then refused.status
            when rules.consent_model = 'opt_out' then 'granted'
            else 'denied'
        end as status,
        coalesce(refused.since, jurisdictions.first_seen_at) as since,
        rules.jurisdiction,
        false as is_explicit
    from jurisdictions
    inner join addresses
        on jurisdictions.person_id = addresses.person_id
            and jurisdictions.address_identifier_type = addresses.address_identifier_type
    inner join rules
        on jurisdictions.country_code = rules.country_code
            and jurisdictions.channel = rules.channel
    left join ranked
        on ranked.position = 1
            and jurisdictions.person_id = ranked.person_id
            and jurisdictions.channel = ranked.channel
            and rules.purpose = ranked.purpose
    left join ranked as refused
        on refused.position = 1
            and refused.channel = 'all'
            and refused.status <> 'granted'
            and jurisdictions.person_id = refused.person_id
            and rules.purpose = refused.purpose
    where ranked.person_id is null

),

unioned as (

    select
        person_id,
        channel,
        purpose,
        status,
        since,
        jurisdiction,
        is_explicit
    from ranked
    where position = 1

    union all

    select
        person_id,
        channel,
        purpose,
        status,
        since,
        jurisdiction,
        is_explicit
    from by_law

),

objections as (

    select
        person_id,
        purpose,
        min(since) as since
    from words
    where status = 'objected'
    group by person_id, purpose

),

final as (

    select
        unioned.person_id,
        unioned.channel,
        unioned.purpose,
        case
            when objections.person_id is not null then 'objected' else unioned.status
        end as status,
        case
            when unioned.status = 'objected' or objections.person_id is null then unioned.since
            else objections.since
        end as since,
        unioned.jurisdiction,
        unioned.is_explicit or objections.person_id is not null as is_explicit
    from unioned
    left join objections
        on unioned.person_id = objections.person_id
            and unioned.purpose = objections.purpose

)

select * from final
