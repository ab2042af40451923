{# What the point-in-time features have in common. Column names are built from these lists:
   <measure>_<window>d and <measure>_<group>_<window>d; models are trained on the names. #}

{# Windows in days before the cutoff. #}
{% macro feature_windows() -%} {% do return([7, 30, 90, 180]) %} {%- endmacro %}

{# Stands for no window: before all of them. #}
{% macro feature_no_window() -%} {% do return(1000000) %} {%- endmacro %}

{# The values of window_days in int_features__touch_windows, narrowest first. #}
{% macro feature_window_days_values() -%}
    {% do return(feature_windows() + [feature_no_window()]) %}
{%- endmacro %}

{# The narrowest window before the cutoff that holds a point in time. #}
{% macro feature_window_days(timestamp, cutoff='cutoff_at') -%}
        case
            {%- for window in feature_windows() %}
            when {{ timestamp }} >= {{ add_time(cutoff, -window, 'day') }} then {{ window }}
            {%- endfor %}
            else {{ feature_no_window() }}
        end
{%- endmacro %}

{# A measure within a window, out of the tables touches_<window>: a window holds what the narrower ones
   hold. #}
{% macro feature_within(measure, window) -%}
    {%- for narrower in feature_windows() if narrower <= window -%}
        coalesce(touches_{{ narrower }}.{{ measure }}, 0){{ ' + ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# The latest time of all: it stands in the narrowest window that has one. #}
{% macro feature_latest(time) -%}
    coalesce(
    {%- for window in feature_window_days_values() -%}
        touches_{{ window }}.{{ time }}{{ ', ' if not loop.last }}
    {%- endfor -%}
    )
{%- endmacro %}

{# Groups of the seed `channels`; what it does not know is `other`. #}
{% macro feature_channel_groups() -%}
    {% do return([
        'owned_digital', 'messaging', 'paid_media', 'organic', 'direct', 'analog_media', 'physical',
        'personal', 'other',
    ]) %}
{%- endmacro %}

{# Begins the bucket before all windows. #}
{% macro feature_beginning() -%} cast('0001-01-01' as timestamp) {%- endmacro %}

{# Rows of touchpoints that are not a machine's, with the day by which they find their bucket in
   int_features__bucket_days (CTE bucket_days): days before the first edge are as one. #}
{% macro feature_dated_touches() -%}
    select
        touchpoints.record_key,
        touchpoints.occurred_at,
        touchpoints.loaded_at,
        touchpoints.superseded_at,
        coalesce(touchpoints.source_channel, touchpoints.channel) as channel,
        touchpoints.interaction,
        greatest(cast(touchpoints.occurred_at as date), first_day.bucket_day) as bucket_day
    from {{ ref('int_contracts__touchpoints') }} as touchpoints
    cross join (select min(bucket_day) as bucket_day from bucket_days) as first_day
    where touchpoints.is_automated is not true
{%- endmacro %}

{# When a fact became known, if that was after the first cutoff that it could have been known at: its
   row came late, or the record that says whose it is. Else null. #}
{% macro feature_late_loaded_at(facts) -%}
    case
        when greatest({{ facts }}.loaded_at, records.loaded_at) >= bucket_days.first_cutoff_at
            then greatest({{ facts }}.loaded_at, records.loaded_at)
    end
{%- endmacro %}

{# What is counted of touches: measure -> condition on a touch. #}
{% macro feature_touch_measures() -%}
    {% do return({
        'contact_count': "interaction = 'send'",
        'open_count': "interaction = 'open'",
        'click_count': "interaction = 'click'",
        'product_view_count': "interaction = 'product_view'",
        'cart_add_count': "interaction = 'add_to_cart'",
        'checkout_count': "interaction = 'begin_checkout'",
        'engagement_count': 'is_engagement',
        'unsubscribe_count': "interaction = 'unsubscribe'",
        'support_contact_count': "interaction in ('inbound_call', 'chat_message')",
    }) %}
{%- endmacro %}

{# Sums over touches (columns interaction, is_engagement, intent_weight, occurred_at), with the intent
   that is left at a later point in time: an intent halves every seven days. #}
{% macro feature_touch_sums(later) -%}
    {%- for measure, condition in feature_touch_measures().items() %}
        cast(count(case when {{ condition }} then 1 end) as integer) as {{ measure }},
    {%- endfor %}
        cast(count(*) as integer) as touch_count,
        max(case when is_engagement then occurred_at end) as last_engaged_at,
        max(case when interaction = 'product_view' then occurred_at end) as last_product_viewed_at,
        max(case when interaction = 'add_to_cart' then occurred_at end) as last_cart_added_at,
        sum(
            case
                when intent_weight <> 0
                    then cast(intent_weight as double) * {{ intent_left('occurred_at', later) }}
                else 0
            end
        ) as intent_score
{%- endmacro %}

{# Share of an intent that is left from one point in time to a later one. #}
{% macro intent_left(earlier, later) -%}
    power(2.0, -{{ days_before(earlier, later) }} / 7.0)
{%- endmacro %}

{# True where a version of a row was the known one at the cutoff: loaded before it, and not yet
   superseded by then. #}
{% macro known_at_cutoff(relation, cutoff='cutoffs.cutoff_at') -%}
    {{ relation }}.loaded_at < {{ cutoff }}
        and (
            {{ relation }}.superseded_at is null
            or {{ relation }}.superseded_at >= {{ cutoff }}
        )
{%- endmacro %}

{# Days (with fractions) from a timestamp to the cutoff. #}
{% macro days_before(timestamp, cutoff='cutoff_at') -%}
    {{ seconds_between(timestamp, cutoff) }} / 86400.0
{%- endmacro %}

{# Number of the slot of so many seconds, since 1 January 1970, that holds a point in time. #}
{% macro time_slot(timestamp, seconds) -%}
    cast(floor(
        {{ seconds_between("cast('1970-01-01' as timestamp)", timestamp) }} / ({{ seconds }})
    ) as bigint)
{%- endmacro %}
