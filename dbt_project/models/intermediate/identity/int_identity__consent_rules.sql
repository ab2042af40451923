-- Grain: one row per (country_code, channel, purpose) of the countries that persons live in, the
-- addressable channels, the purposes of outreach and `all` (the rest).
-- A country's rule stands before `*`, then a channel's before `all`, then a purpose's before `all`.
with

countries as (

    select country_code from {{ ref('int_core__contact_attributes') }}
    where country_code is not null
    union
    select {{ setting('country_code') }} as country_code

),

channels as (

    select
        channel,
        address_identifier_type
    from {{ ref('channels') }}
    where is_addressable

),

purposes as (

    select 'all' as purpose
    {% for purpose in outreach_purposes() %}
        union all
        select '{{ purpose }}' as purpose
    {% endfor %}

),

jurisdictions as (

    select * from {{ ref('jurisdictions') }}

),

ranked as (

    select
        countries.country_code,
        channels.channel,
        channels.address_identifier_type,
        purposes.purpose,
        jurisdictions.jurisdiction,
        jurisdictions.consent_model,
        row_number() over (
            partition by countries.country_code, channels.channel, purposes.purpose
            order by
                case when jurisdictions.country_code = '*' then 1 else 0 end,
                case when jurisdictions.channel = 'all' then 1 else 0 end,
                case when jurisdictions.purpose = 'all' then 1 else 0 end
        ) as position
    from countries
    cross join channels
    cross join purposes
    inner join jurisdictions
        on jurisdictions.country_code in (countries.country_code, '*')
            and jurisdictions.channel in (channels.channel, 'all')
            and jurisdictions.purpose in (purposes.purpose, 'all')

),

final as (

    select
        country_code,
        channel,
        address_identifier_type,
        purpose,
        jurisdiction,
        consent_model
    from ranked
    where position = 1

)

select * from final
