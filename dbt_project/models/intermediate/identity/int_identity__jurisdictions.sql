-- Grain: one row per (person_id, channel) of known persons and addressable channels.
-- A person's country is the profile's, else the tenant's; a channel's own rule stands before `all`,
-- a country's before `*`.
with

persons as (

    select * from {{ ref('persons') }}
    where is_known

),

countries as (

    select
        person_id,
        country_code
    from {{ ref('int_core__contact_attributes') }}
    where country_code is not null

),

channels as (

    select
        channel,
        address_identifier_type
    from {{ ref('channels') }}
    where is_addressable

),

jurisdictions as (

    select * from {{ ref('jurisdictions') }}

),

country_rules as (

    select
        distinct_countries.country_code,
        channels.channel,
        channels.address_identifier_type,
        jurisdictions.jurisdiction,
        jurisdictions.consent_model,
        row_number() over (
            partition by distinct_countries.country_code, channels.channel
            order by
                case when jurisdictions.country_code = '*' then 1 else 0 end,
                case when jurisdictions.channel = 'all' then 1 else 0 end
        ) as position
    from (
        select country_code from countries
        union
        select {{ setting('country_code') }} as country_code
    ) as distinct_countries
    cross join channels
    inner join jurisdictions
        on jurisdictions.country_code in (distinct_countries.country_code, '*')
            and jurisdictions.channel in (channels.channel, 'all')

),

located as (

    select
        persons.person_id,
        persons.first_seen_at,
        coalesce(countries.country_code, {{ setting('country_code') }}) as country_code
    from persons
    left join countries on persons.person_id = countries.person_id

),

final as (

    select
        located.person_id,
        located.first_seen_at,
        country_rules.channel,
        country_rules.address_identifier_type,
        country_rules.jurisdiction,
        country_rules.consent_model
    from located
    inner join country_rules
        on country_rules.position = 1
            and located.country_code = country_rules.country_code

)

select * from final
