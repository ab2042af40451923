-- Grain: one row per member of segment likely_buyers who may be sent e-mail, holdout left out.
with

members as (

    select
        person_id,
        segment
    from {{ ref('membership') }}
    where
        segment = 'likely_buyers'
        and exited_at is null
        and not is_holdout

),

recipients as (

    select * from {{ ref('int_activation__email_recipients') }}

),

final as (

    select
        members.person_id,
        recipients.identifier_key,
        recipients.email,
        recipients.first_name,
        recipients.language_code,
        members.segment,
        recipients.preferred_channel,
        recipients.order_count
    from members
    inner join recipients on members.person_id = recipients.person_id

)

select * from final
