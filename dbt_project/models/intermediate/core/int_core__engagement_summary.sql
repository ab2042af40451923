-- Grain: one row per person who ever engaged.
-- Preferred = in the most slots (a channel in a clock hour of a day); then the latest, then by
-- name.
{% call touched() %}
    select person_id from {{ changes(ref('int_core__engagement_slots')) }}
{% endcall %}
with

slots as (

    {{ touched_rows(ref('int_core__engagement_slots')) }}

),

channels_ranked as (

    select
        person_id,
        channel,
        row_number() over (
            partition by person_id
            order by
                count(
                    distinct concat(cast(local_date as {{ string_type() }}), ' ', local_hour)
                ) desc,
                max(last_occurred_at) desc,
                channel
        ) as channel_rank
    from slots
    group by person_id, channel

),

hours_ranked as (

    select
        person_id,
        local_hour,
        row_number() over (
            partition by person_id
            order by count(distinct local_date) desc, max(last_occurred_at) desc, local_hour
        ) as hour_rank
    from slots
    group by person_id, local_hour

),

origins_ranked as (

    select
        person_id,
        attribution_channel,
        row_number() over (
            partition by person_id order by min(first_inbound_at), attribution_channel
        ) as origin_rank
    from slots
    where first_inbound_at is not null
    group by person_id, attribution_channel

),

persons as (

    select
        person_id,
        sum(touch_count) as engagement_count,
        max(last_occurred_at) as last_engaged_at,
        max(last_loaded_at) as last_loaded_at
    from slots
    group by person_id

),

final as (

    select
        persons.person_id,
        channels_ranked.channel as preferred_channel,
        hours_ranked.local_hour as preferred_hour,
        origins_ranked.attribution_channel as first_channel,
        cast(persons.engagement_count as bigint) as engagement_count,
        persons.last_engaged_at,
        persons.last_loaded_at
    from persons
    inner join channels_ranked
        on persons.person_id = channels_ranked.person_id
            and channels_ranked.channel_rank = 1
    inner join hours_ranked
        on persons.person_id = hours_ranked.person_id
            and hours_ranked.hour_rank = 1
    left join origins_ranked
        on persons.person_id = origins_ranked.person_id
            and origins_ranked.origin_rank = 1

)

select * from final
