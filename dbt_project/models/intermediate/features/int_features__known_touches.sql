-- Grain: one row per cutoff and touchpoint of a person, as it was known before the cutoff; what
-- machines did is left out.
{{ config(materialized='view') }}
with

cutoffs as (

    select * from {{ ref('int_features__cutoffs') }}

),

touchpoints as (

    select * from {{ ref('int_contracts__touchpoints') }}

),

record_persons as (

    select * from {{ ref('int_identity__record_persons_at_cutoff') }}

),

interactions as (

    select * from {{ ref('interactions') }}

),

channels as (

    select * from {{ ref('channels') }}

),

known as (

    select
        cutoffs.cutoff_at,
        touchpoints.source,
        touchpoints.touchpoint_id,
        touchpoints.record_key,
        touchpoints.occurred_at,
        touchpoints.interaction,
        coalesce(touchpoints.source_channel, touchpoints.channel) as channel
    from touchpoints
    inner join cutoffs
        on touchpoints.occurred_at < cutoffs.cutoff_at
            and {{ known_at_cutoff('touchpoints') }}
    where touchpoints.is_automated is not true

),

final as (

    select
        known.cutoff_at,
        record_persons.person_id,
        known.source,
        known.touchpoint_id,
        known.occurred_at,
        {{ days_before('known.occurred_at', 'known.cutoff_at') }} as age_days,
        known.channel,
        coalesce(channels.channel_group, 'other') as channel_group,
        known.interaction,
        coalesce(interactions.is_engagement, false) as is_engagement,
        coalesce(interactions.direction, 'other') as direction,
        coalesce(interactions.intent_weight, 0) as intent_weight
    from known
    inner join record_persons
        on known.cutoff_at = record_persons.cutoff_at
            and known.record_key = record_persons.record_key
    left join interactions
        on known.interaction = interactions.interaction
    left join channels
        on known.channel = channels.channel
    where record_persons.person_id is not null

)

select * from final
