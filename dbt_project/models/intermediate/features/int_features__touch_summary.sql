-- Grain: one row per cutoff and person with a touchpoint known by then.
{%- set counted = {
    'contact_count': "interaction = 'send'",
    'open_count': "interaction = 'open'",
    'click_count': "interaction = 'click'",
    'product_view_count': "interaction = 'product_view'",
    'cart_add_count': "interaction = 'add_to_cart'",
    'checkout_count': "interaction = 'begin_checkout'",
    'engagement_count': 'is_engagement',
} %}
with

touches as (

    select * from {{ ref('int_features__known_touches') }}

),

final as (

    select
        cutoff_at,
        person_id,
        min(case when is_engagement then occurred_at end) as first_engaged_at,
        max(case when is_engagement then occurred_at end) as last_engaged_at,
        min(case when is_engagement then age_days end) as days_since_last_engagement,
        min(case when interaction = 'product_view' then age_days end)
            as days_since_last_product_view,
        min(case when interaction = 'add_to_cart' then age_days end) as days_since_last_cart_add,
        -- an intent halves every seven days
        sum(
            case
                when age_days <= 180
                    then cast(intent_weight as double) * power(2.0, -age_days / 7.0)
                else 0
            end
        ) as intent_score,
        count(distinct case when is_engagement and age_days <= 180 then channel end)
            as distinct_channel_count_180d,
        sum(case when interaction = 'unsubscribe' and age_days <= 180 then 1 else 0 end)
            as unsubscribe_count_180d,
        sum(
            case
                when
                    interaction in ('inbound_call', 'chat_message')
                    and age_days <= 180
                    then 1
                else 0
            end
        ) as support_contact_count_180d,
        {% for window in feature_windows() %}
            {% for measure, condition in counted.items() %}
                sum(case when {{ condition }} and age_days <= {{ window }} then 1 else 0 end)
                    as {{ measure }}_{{ window }}d,
            {% endfor %}
            {% for channel_group in feature_channel_groups() %}
                sum(
                    case
                        when
                            channel_group = '{{ channel_group }}' and age_days <= {{ window }}
                            then 1
                        else 0
                    end
                ) as touch_count_{{ channel_group }}_{{ window }}d,
                sum(
                    case
                        when
                            channel_group = '{{ channel_group }}'
                            and is_engagement
                            and age_days <= {{ window }}
                            then 1
                        else 0
                    end
                ) as engagement_count_{{ channel_group }}_{{ window }}d,
            {% endfor %}
        {% endfor %}
        count(*) as touch_count
    from touches
    group by cutoff_at, person_id

)

select * from final
