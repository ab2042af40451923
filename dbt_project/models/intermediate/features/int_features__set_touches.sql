-- Grain: one row per identifier set, bucket, channel and, where a touchpoint was not simply known
-- from the first cutoff after it on, the time at which it was loaded late or superseded.
-- Touchpoints summed once for all past cutoffs; what machines did is left out.
{{ config(materialized='view') }}
with

bucket_days as (

    select * from {{ ref('int_features__bucket_days') }}

),

interactions as (

    select * from {{ ref('interactions') }}

),

dated as (

    {{ feature_dated_touches() }}

),

touches as (

    select
        records.set_key,
        bucket_days.starts_at,
        bucket_days.ends_at,
        {{ feature_late_loaded_at('dated') }} as late_loaded_at,
        dated.superseded_at,
        dated.channel,
        dated.interaction,
        dated.occurred_at,
        coalesce(interactions.is_engagement, false) as is_engagement,
        coalesce(interactions.intent_weight, 0) as intent_weight
    from dated
    inner join bucket_days
        on dated.bucket_day = bucket_days.bucket_day
    inner join {{ ref('int_identity__records') }} as records
        on dated.record_key = records.record_key
    left join interactions
        on dated.interaction = interactions.interaction

),

final as (

    select
        set_key,
        starts_at,
        channel,
        late_loaded_at,
        superseded_at,
        {{ feature_touch_sums('ends_at') }}
    from touches
    group by set_key, starts_at, channel, late_loaded_at, superseded_at

)

select * from final
