-- Grain: one row per member of segment high_value_lapsing who may be put on a list of Meta;
-- holdout left out.
with

members as (

    select person_id
    from {{ ref('membership') }}
    where
        segment = 'high_value_lapsing'
        and exited_at is null
        and not is_holdout

),

recipients as (

    select * from {{ ref('int_activation__ad_recipients') }}

),

final as (

    select
        members.person_id,
        recipients.identifier_key,
        recipients.email,
        recipients.phone,
        recipients.first_name,
        recipients.last_name,
        recipients.city,
        recipients.postal_code,
        recipients.country
    from members
    inner join recipients on members.person_id = recipients.person_id

)

select * from final
