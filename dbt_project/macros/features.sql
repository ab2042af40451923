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

{# Contracts whose rows say what was known at a cutoff. #}
{% macro feature_contracts() -%}
    {% do return([
        'identifiers', 'contacts', 'touchpoints', 'orders', 'feedback', 'offer_events',
    ]) %}
{%- endmacro %}

{# The earliest loaded_at of the files that came since this model was built, per contract. #}
{% macro arrivals() -%}
    {%- set changed = changed_files() -%}
    {%- for contract in feature_contracts() %}
        select min(loaded_at) as loaded_at
        from ({{ contract_source_rows(contract, changed) }}) as arrived
        {% if not loop.last %} union all {% endif %}
    {%- endfor %}
{%- endmacro %}

{# Condition: a file that had landed before was landed again since this model was built. #}
{% macro a_known_file_changed() -%}
    exists (
        select 1 from ops.landing_files as files
        where files.first_landed_at <> files.landed_at and files.landing_number > (
            select reads.version from increments.reads as reads
            where reads.model = '{{ this.identifier }}' and reads.followed = 'landing'
        )
    )
{%- endmacro %}

{# Number of the newest batch of the landing manifest; 0 where every build is full. #}
{% macro newest_landing_number() -%}
    {%- if target.type == 'duckdb' -%}
        (select coalesce(max(files.landing_number), 0) from ops.landing_files as files)
    {%- else -%}
        cast(0 as bigint)
    {%- endif -%}
{%- endmacro %}

{# Touched block of a model that is replaced by cutoff. #}
{% macro touched_cutoff_features() -%}
    select cutoff_at from {{ changes(ref('int_features__known_cutoffs')) }}
{%- endmacro %}

{# True where a past cutoff is built: always in a full build, seldom in an increment. So what they cost
   is not even planned on most days. #}
{% macro past_is_touched() -%}
    {%- if execute and not is_increment() -%} {%- do return(true) -%} {%- endif -%}
    {%- set known_cutoffs = ref('int_features__known_cutoffs') -%}
    {%- set cutoffs = ref('int_features__cutoffs') -%}
    {%- if not execute -%} {%- do return(true) -%} {%- endif -%}
    {%- set found = run_query(
        'select 1 from ' ~ changes(known_cutoffs) ~ ' as changed
        inner join ' ~ cutoffs ~ ' as cutoffs on changed.cutoff_at = cutoffs.cutoff_at
        where cutoffs.cutoff_number > 0 limit 1') -%}
    {%- do return(found.rows | length > 0) -%}
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
