-- Grain: one row per (person_id, channel) of known persons and addressable channels.
-- A person's country is the profile's, else the tenant's.
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

rules as (

    select * from {{ ref('int_identity__consent_rules') }}
    where purpose = 'all'

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
        located.country_code,
        rules.channel,
        rules.address_identifier_type,
        rules.jurisdiction
    from located
    inner join rules on located.country_code = rules.country_code

)

select * from final
