-- Grain: one row per person who may be put on a list of an ad platform, with what it is matched by.
-- A view over clear values, read when something is sent. The e-mail address needs a grant for ads
-- on paid_social, the channel on which an address reaches somebody at a platform; so does the phone
-- number, of its own: a number that lacks it is left out, not the person. Nobody who objects is
-- here, and no suppressed address.
with

profiles as (

    select * from {{ ref('profiles') }}

),

ads_consents as (

    select person_id
    from {{ ref('consent_current') }}
    where
        purpose = 'ads'
        and channel = 'paid_social'
        and status = 'granted'

),

usable_addresses as (

    {{ usable_addresses('paid_social', 'ads') }}

),

final as (

    select
        profiles.person_id,
        profiles.primary_email_key as identifier_key,
        profiles.primary_email as email,
        case when phones.identifier_key is not null then profiles.primary_phone end as phone,
        profiles.first_name,
        profiles.last_name,
        profiles.city,
        profiles.postal_code,
        profiles.country_code as country
    from profiles
    inner join ads_consents on profiles.person_id = ads_consents.person_id
    inner join usable_addresses as emails
        on profiles.primary_email_key = emails.identifier_key
            and profiles.person_id = emails.person_id
    left join usable_addresses as phones
        on profiles.primary_phone_key = phones.identifier_key
            and profiles.person_id = phones.person_id
    where profiles.primary_email is not null

)

select * from final
