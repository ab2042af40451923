-- Grain: one row per current person: the golden record, without what names a person.
with

persons as (

    select * from {{ ref('persons') }}

),

contact_attributes as (

    select * from {{ ref('int_core__contact_attributes') }}

),

order_summary as (

    select * from {{ ref('int_core__order_summary') }}

),

engagement_summary as (

    select * from {{ ref('int_core__engagement_summary') }}

),

reachability as (

    select * from {{ ref('int_core__reachability') }}

),

lifecycle as (

    select * from {{ ref('int_core__lifecycle') }}

),

aged as (

    select
        contact_attributes.*,
        extract(year from {{ as_of() }}) - extract(year from contact_attributes.birth_date)
        - case
            when
                extract(month from {{ as_of() }}) * 100 + extract(day from {{ as_of() }})
                < extract(month from contact_attributes.birth_date) * 100
                + extract(day from contact_attributes.birth_date)
                then 1
            else 0
        end as age
    from contact_attributes

),

final as (

    select
        persons.person_id,
        household_members.household_id,
        aged.city,
        aged.country_code,
        case
            when aged.age < 0 or aged.age > 120 then null
            when aged.age < 18 then 'under 18'
            when aged.age < 25 then '18-24'
            when aged.age < 35 then '25-34'
            when aged.age < 45 then '35-44'
            when aged.age < 55 then '45-54'
            when aged.age < 65 then '55-64'
            when aged.age >= 65 then '65+'
        end as age_band,
        aged.gender,
        aged.language_code,
        aged.timezone,
        aged.loyalty_tier,
        coalesce(
            aged.acquisition_channel,
            engagement_summary.first_channel,
            order_summary.first_order_channel
        ) as acquisition_channel,
        lifecycle.lifecycle_stage,
        order_summary.first_order_at,
        order_summary.last_order_at,
        coalesce(order_summary.order_count, 0) as order_count,
        coalesce(order_summary.revenue_amount, 0) as revenue_amount,
        order_summary.recency_score,
        order_summary.frequency_score,
        order_summary.monetary_score,
        engagement_summary.preferred_channel,
        engagement_summary.preferred_hour,
        coalesce(engagement_summary.engagement_count, 0) as engagement_count,
        engagement_summary.last_engaged_at,
        reachability.contactable_channels,
        reachability.has_email,
        reachability.has_phone,
        reachability.has_push,
        persons.is_known,
        persons.confidence,
        persons.first_seen_at,
        persons.last_seen_at,
        -- what was learnt last about the person
        greatest(
            coalesce(aged.last_loaded_at, persons.last_seen_at),
            coalesce(order_summary.last_loaded_at, persons.last_seen_at),
            coalesce(engagement_summary.last_loaded_at, persons.last_seen_at),
            persons.last_seen_at
        ) as updated_at
    from persons
    left join aged
        on persons.person_id = aged.person_id
    left join order_summary
        on persons.person_id = order_summary.person_id
    left join engagement_summary
        on persons.person_id = engagement_summary.person_id
    left join reachability
        on persons.person_id = reachability.person_id
    left join lifecycle
        on persons.person_id = lifecycle.person_id
    left join {{ ref('household_members') }} as household_members
        on persons.person_id = household_members.person_id
            and household_members.valid_to is null

)

select * from final
