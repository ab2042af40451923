-- Grain: one row per cutoff and person with a touchpoint known by then.
-- Counted per channel and window first: the wide sums then run over a fraction of the rows.
{%- set counted = {
    'contact_count': "interaction = 'send'",
    'open_count': "interaction = 'open'",
    'click_count': "interaction = 'click'",
    'product_view_count': "interaction = 'product_view'",
    'cart_add_count': "interaction = 'add_to_cart'",
    'checkout_count': "interaction = 'begin_checkout'",
    'engagement_count': 'is_engagement',
    'unsubscribe_count': "interaction = 'unsubscribe'",
    'support_contact_count': "interaction in ('inbound_call', 'chat_message')",
} %}
with

touches as (

    select
        *,
        -- the narrowest window that the touch falls into
        case
            {% for window in feature_windows() %}
                when age_days <= {{ window }} then {{ window }}
            {% endfor %}
            else 1000000
        end as window_days
    from {{ ref('int_features__known_touches') }}

),

counted as (

    select
        cutoff_at,
        person_id,
        channel,
        channel_group,
        window_days,
        min(case when is_engagement then age_days end) as days_since_last_engagement,
        min(case when interaction = 'product_view' then age_days end)
            as days_since_last_product_view,
        min(case when interaction = 'add_to_cart' then age_days end) as days_since_last_cart_add,
        -- an intent halves every seven days
        sum(
            case
                when window_days <= 180
                    then cast(intent_weight as double) * power(2.0, -age_days / 7.0)
                else 0
            end
        ) as intent_score,
        {% for measure, condition in counted.items() %}
            sum(case when {{ condition }} then 1 else 0 end) as {{ measure }},
        {% endfor %}
        count(*) as touch_count
    from touches
    group by cutoff_at, person_id, channel, channel_group, window_days

),

final as (

    select
        cutoff_at,
        person_id,
        min(days_since_last_engagement) as days_since_last_engagement,
        min(days_since_last_product_view) as days_since_last_product_view,
        min(days_since_last_cart_add) as days_since_last_cart_add,
        sum(intent_score) as intent_score,
        count(distinct case when engagement_count > 0 and window_days <= 180 then channel end)
            as distinct_channel_count_180d,
        {% for window in feature_windows() %}
            {% for measure in counted %}
                sum(case when window_days <= {{ window }} then {{ measure }} else 0 end)
                    as {{ measure }}_{{ window }}d,
            {% endfor %}
            {% for channel_group in feature_channel_groups() %}
                {% for measure in ['touch_count', 'engagement_count'] %}
                    sum(
                        case
                            when
                                channel_group = '{{ channel_group }}'
                                and window_days <= {{ window }}
                                then {{ measure }}
                            else 0
                        end
                    ) as {{ measure }}_{{ channel_group }}_{{ window }}d,
                {% endfor %}
            {% endfor %}
        {% endfor %}
        sum(touch_count) as touch_count
    from counted
    group by cutoff_at, person_id

)

select * from final
