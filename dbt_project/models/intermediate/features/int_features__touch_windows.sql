-- Grain: one row per cutoff, person and window that is the narrowest one to hold a touchpoint known
-- by then (1000000 = before all windows).
-- Past cutoffs sum what is summed already; as_of reads the current touchpoints of current persons.
{% call touched() %}
    {{ touched_cutoff_features() }}
{% endcall %}
with

cutoff_buckets as (

    {{ touched_rows(ref('int_features__cutoff_buckets')) }}

),

set_touches as (

    {{ once_for_slices('set_touches', ref('int_features__set_touches')) }}

),

set_persons as (

    select * from {{ ref('int_identity__set_persons_before') }}

),

channels as (

    select * from {{ ref('channels') }}

),

past as (

    select
        cutoff_buckets.cutoff_at,
        set_persons.person_number,
        cutoff_buckets.window_days,
        set_touches.channel,
        {% for measure in feature_touch_measures() %}
            set_touches.{{ measure }},
        {% endfor %}
        set_touches.touch_count,
        set_touches.last_engaged_at,
        set_touches.last_product_viewed_at,
        set_touches.last_cart_added_at,
        set_touches.intent_score
        * {{ intent_left('cutoff_buckets.ends_at', 'cutoff_buckets.cutoff_at') }} as intent_score
    from set_touches
    inner join cutoff_buckets
        on set_touches.starts_at = cutoff_buckets.starts_at
            and (
                set_touches.late_loaded_at is null
                or set_touches.late_loaded_at < cutoff_buckets.cutoff_at
            )
            and (
                set_touches.superseded_at is null
                or set_touches.superseded_at >= cutoff_buckets.cutoff_at
            )
    inner join set_persons
        on cutoff_buckets.cutoff_at = set_persons.cutoff_at
            and set_touches.set_key = set_persons.set_key
    where set_persons.person_number is not null

),

current_touches as (

    select
        {{ as_of() }} as cutoff_at,
        named_person_number as person_number,
        {{ feature_window_days('occurred_at', as_of()) }} as window_days,
        attribution_channel as channel,
        interaction,
        occurred_at,
        is_engagement,
        intent_weight
    from {{ ref('fct_touchpoints') }}
    where
        named_person_number is not null
        and not is_automated
        and occurred_at < {{ as_of() }} {{ and_touched(as_of()) }}

),

present as (

    select
        cutoff_at,
        person_number,
        window_days,
        channel,
        {{ feature_touch_sums('cutoff_at') }}
    from current_touches
    group by cutoff_at, person_number, window_days, channel

),

combined as (

    {% if past_is_touched() %}
        select * from past
        union all
    {% endif %}
    select * from present

),

grouped as (

    select
        combined.*,
        coalesce(channels.channel_group, 'other') as channel_group
    from combined
    left join channels
        on combined.channel = channels.channel

),

final as (

    -- as doubles, which are exact here: sums of integers have 128 bits and take twice as long
    select
        cutoff_at,
        person_number,
        window_days,
        {% for channel_group in feature_channel_groups() %}
            {% for measure in ['touch_count', 'engagement_count'] %}
                cast(
                    sum(
                        case
                            when channel_group = '{{ channel_group }}' then {{ measure }}
                            else cast(0 as double)
                        end
                    ) as integer
                ) as {{ measure }}_{{ channel_group }},
            {% endfor %}
        {% endfor %}
        {% for measure in feature_touch_measures() %}
            cast(sum(cast({{ measure }} as double)) as integer) as {{ measure }},
        {% endfor %}
        max(last_engaged_at) as last_engaged_at,
        max(last_product_viewed_at) as last_product_viewed_at,
        max(last_cart_added_at) as last_cart_added_at,
        sum(intent_score) as intent_score
    from grouped
    group by cutoff_at, person_number, window_days

)

select * from final
