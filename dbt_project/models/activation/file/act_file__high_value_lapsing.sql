-- Grain: one row per member of segment high_value_lapsing who may be sent e-mail, holdout left out.
with

members as (

    select
        person_id,
        segment
    from {{ ref('membership') }}
    where
        segment = 'high_value_lapsing'
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
        recipients.last_order_at,
        recipients.order_count,
        recipients.preferred_channel
    from members
    inner join recipients on members.person_id = recipients.person_id

)

select * from final
