-- Grain: one row per identifier set, bucket, channel, slot of time as long as the session gap and,
-- where a touchpoint was not simply known from the first cutoff after it on, the time at which it
-- was loaded late or superseded. Engagements only, for past cutoffs.
{{ config(materialized='view') }}
{%- set gap_seconds = '60 * ' ~ setting('session_gap_minutes') %}
{%- set longest = feature_windows() | last %}
with

bucket_days as (

    select * from {{ ref('int_features__bucket_days') }}

),

interactions as (

    select
        interaction,
        direction = 'inbound' and is_attribution_touch as is_visit
    from {{ ref('interactions') }}
    where is_engagement

),

first_edge as (

    -- what lies before all windows matters only as the beginning of a visit that goes on
    select {{ add_time('min(starts_at)', '-1 * ' ~ gap_seconds, 'second') }} as starts_at
    from {{ ref('int_features__cutoff_buckets') }}
    where window_days <= {{ longest }}

),

dated as (

    {{ feature_dated_touches() }}

),

set_touches as (

    select
        records.set_key,
        bucket_days.starts_at,
        {{ feature_late_loaded_at('dated') }} as late_loaded_at,
        dated.superseded_at,
        dated.channel,
        {{ time_slot('dated.occurred_at', gap_seconds) }} as slot,
        case when interactions.is_visit then dated.occurred_at end as visited_at
    from dated
    inner join interactions
        on dated.interaction = interactions.interaction
    inner join bucket_days
        on dated.bucket_day = bucket_days.bucket_day
    inner join {{ ref('int_identity__records') }} as records
        on dated.record_key = records.record_key
    inner join first_edge
        on dated.occurred_at >= first_edge.starts_at

),

final as (

    select
        set_key,
        starts_at,
        late_loaded_at,
        superseded_at,
        channel,
        slot,
        min(visited_at) as first_at,
        max(visited_at) as last_at
    from set_touches
    group by set_key, starts_at, late_loaded_at, superseded_at, channel, slot

)

select * from final
