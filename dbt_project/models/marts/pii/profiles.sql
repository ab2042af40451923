-- Grain: one row per current person.
with

persons as (

    select * from {{ ref('persons') }}

),

attributes as (

    select * from {{ ref('int_core__contact_attributes') }}

),

suppressions as (

    select * from {{ ref('suppressions') }}

),

-- the best address of a kind: deliverable before not, proven before not, then the most recent
addresses as (

    select
        identifiers.person_id,
        identifiers.identifier_type,
        identifiers.identifier_key,
        identifiers.last_source,
        row_number() over (
            partition by identifiers.person_id, identifiers.identifier_type
            order by
                case when suppressions.identifier_key is null then 0 else 1 end,
                case when identifiers.last_authenticated_at is null then 1 else 0 end,
                identifiers.last_authenticated_at desc, identifiers.last_seen_at desc,
                identifiers.identifier_key asc
        ) as position
    from {{ ref('int_identity__identifiers') }} as identifiers
    left join suppressions on identifiers.identifier_key = suppressions.identifier_key
    where
        identifiers.person_id is not null
        and identifiers.is_valid
        and identifiers.identifier_type in ('email', 'phone')

),

primary_addresses as (

    select
        addresses.person_id,
        max(case when addresses.identifier_type = 'email' then identifiers.identifier_value end)
            as primary_email,
        max(case when addresses.identifier_type = 'email' then addresses.identifier_key end)
            as primary_email_key,
        max(case when addresses.identifier_type = 'email' then addresses.last_source end)
            as primary_email_source,
        max(case when addresses.identifier_type = 'phone' then identifiers.identifier_value end)
            as primary_phone,
        max(case when addresses.identifier_type = 'phone' then addresses.identifier_key end)
            as primary_phone_key,
        max(case when addresses.identifier_type = 'phone' then addresses.last_source end)
            as primary_phone_source
    from addresses
    inner join {{ ref('identifiers') }} as identifiers
        on addresses.identifier_key = identifiers.identifier_key
    where addresses.position = 1
    group by addresses.person_id

),

final as (

    select
        persons.person_id,
        primary_addresses.primary_email,
        primary_addresses.primary_email_key,
        primary_addresses.primary_email_source,
        primary_addresses.primary_phone,
        primary_addresses.primary_phone_key,
        primary_addresses.primary_phone_source,
        attributes.first_name,
        attributes.first_name_source,
        attributes.last_name,
        attributes.last_name_source,
        attributes.birth_date,
        attributes.birth_date_source,
        attributes.street,
        attributes.street_source,
        attributes.postal_code,
        attributes.postal_code_source,
        attributes.city,
        attributes.city_source,
        attributes.country_code,
        attributes.country_code_source
    from persons
    left join primary_addresses on persons.person_id = primary_addresses.person_id
    left join attributes on persons.person_id = attributes.person_id

)

select * from final
