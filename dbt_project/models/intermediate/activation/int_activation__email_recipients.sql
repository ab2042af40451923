-- Grain: one row per person who may be sent marketing e-mail, with the one address that is used.
-- A view over clear values, read when something is sent. Without the person's grant for e-mail
-- nobody is a recipient, and an address for which nobody gave one is never used, whatever was said
-- about another address of the person. (A word for all channels has a row for each in both tables.)
with

profiles as (

    select * from {{ ref('profiles') }}

),

dim_profiles as (

    select * from {{ ref('dim_profiles') }}

),

marketing_consents as (

    select person_id
    from {{ ref('consent_current') }}
    where
        purpose = 'marketing'
        and channel = 'email'
        and status = 'granted'

),

usable_addresses as (

    {{ usable_addresses('email', 'marketing') }}

),

final as (

    select
        profiles.person_id,
        profiles.primary_email_key as identifier_key,
        profiles.primary_email as email,
        profiles.first_name,
        dim_profiles.language_code,
        dim_profiles.preferred_channel,
        dim_profiles.order_count,
        dim_profiles.last_order_at
    from profiles
    inner join dim_profiles on profiles.person_id = dim_profiles.person_id
    inner join marketing_consents on profiles.person_id = marketing_consents.person_id
    inner join usable_addresses
        on profiles.primary_email_key = usable_addresses.identifier_key
            and profiles.person_id = usable_addresses.person_id
    where profiles.primary_email is not null

)

select * from final
