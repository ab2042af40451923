-- Grain: one row per cutoff and person with an engagement in the 180 days before it, known by then.
-- A visit is a burst of engagement: a pause longer than the session gap begins the next one. Cut on
-- the person as known at the cutoff, because nothing else is sure to have been known then.
-- Time is cut into slots as long as the gap: what lies in one slot is of one visit, and of two
-- slots only the last touch of the one and the first touch of the other decide.
{%- set gap_seconds = '60 * ' ~ setting('session_gap_minutes') %}
{%- set longest = feature_windows() | last %}
{% call touched() %}
    {{ touched_cutoff_features() }}
{% endcall %}
with

cutoff_buckets as (

    {{ touched_rows(ref('int_features__cutoff_buckets')) }}

),

interactions as (

    select
        interaction,
        direction = 'inbound' and is_attribution_touch as is_visit
    from {{ ref('interactions') }}
    where is_engagement

),

set_slots as (

    {{ once_for_slices('set_slots', ref('int_features__set_slots')) }}

),

past as (

    select
        cutoff_buckets.cutoff_at,
        set_persons.person_number,
        cutoff_buckets.window_days,
        set_slots.channel,
        set_slots.slot,
        set_slots.first_at,
        set_slots.last_at
    from set_slots
    inner join cutoff_buckets
        on set_slots.starts_at = cutoff_buckets.starts_at
            and (
                set_slots.late_loaded_at is null
                or set_slots.late_loaded_at < cutoff_buckets.cutoff_at
            )
            and (
                set_slots.superseded_at is null
                or set_slots.superseded_at >= cutoff_buckets.cutoff_at
            )
    inner join {{ ref('int_identity__set_persons_before') }} as set_persons
        on cutoff_buckets.cutoff_at = set_persons.cutoff_at
            and set_slots.set_key = set_persons.set_key
    where set_persons.person_number is not null

),

current_touches as (

    select
        touchpoints.named_person_number as person_number,
        {{ feature_window_days('touchpoints.occurred_at', as_of()) }} as window_days,
        touchpoints.attribution_channel as channel,
        {{ time_slot('touchpoints.occurred_at', gap_seconds) }} as slot,
        case when interactions.is_visit then touchpoints.occurred_at end as visited_at
    from {{ ref('fct_touchpoints') }} as touchpoints
    inner join interactions
        on touchpoints.interaction = interactions.interaction
    where
        touchpoints.named_person_number is not null
        and not touchpoints.is_automated
        and touchpoints.occurred_at < {{ as_of() }} {{ and_touched(as_of()) }}
        and touchpoints.occurred_at >= {{ add_time(
            add_time(as_of(), '-' ~ longest, 'day'), '-1 * ' ~ gap_seconds, 'second'
        ) }}

),

present as (

    select
        {{ as_of() }} as cutoff_at,
        person_number,
        window_days,
        channel,
        slot,
        min(visited_at) as first_at,
        max(visited_at) as last_at
    from current_touches
    group by person_number, window_days, channel, slot

),

engagements as (

    {% if past_is_touched() %}
        select * from past
        union all
    {% endif %}
    select * from present

),

slots as (

    select
        cutoff_at,
        person_number,
        slot,
        min(first_at) as first_at,
        max(last_at) as last_at
    from engagements
    where first_at is not null
    group by cutoff_at, person_number, slot

),

visits as (

    select
        slots.cutoff_at,
        slots.person_number,
        {% for window in feature_windows() %}
            count(
                case
                    when slots.first_at >= {{ add_time('slots.cutoff_at', '-' ~ window, 'day') }}
                        then 1
                end
            ) as session_count_{{ window }}d,
        {% endfor %}
        count(*) as session_count
    from slots
    left join slots as previous_slots
        on slots.cutoff_at = previous_slots.cutoff_at
            and slots.person_number = previous_slots.person_number
            and slots.slot = previous_slots.slot + 1
    where
        previous_slots.slot is null
        or {{ seconds_between('previous_slots.last_at', 'slots.first_at') }} > {{ gap_seconds }}
    group by slots.cutoff_at, slots.person_number

),

person_channels as (

    select distinct
        cutoff_at,
        person_number,
        channel
    from engagements
    where window_days <= {{ longest }}

),

channel_counts as (

    select
        cutoff_at,
        person_number,
        count(*) as distinct_channel_count_180d
    from person_channels
    group by cutoff_at, person_number

),

final as (

    select
        channel_counts.cutoff_at,
        channel_counts.person_number,
        {% for window in feature_windows() %}
            coalesce(visits.session_count_{{ window }}d, 0) as session_count_{{ window }}d,
        {% endfor %}
        channel_counts.distinct_channel_count_180d
    from channel_counts
    left join visits
        on channel_counts.cutoff_at = visits.cutoff_at
            and channel_counts.person_number = visits.person_number

)

select * from final
