-- Grain: one row per person and cutoff, with nothing but what was known (loaded) before the cutoff.
{%- set touch_measures = [
    'contact_count', 'open_count', 'click_count', 'product_view_count', 'cart_add_count',
    'checkout_count', 'engagement_count',
] %}
{% call touched() %}
    {{ touched_cutoff_features() }}
{% endcall %}
with

persons as (

    {{ touched_rows(ref('int_identity__persons_at_cutoff')) }}

),

orders as (

    {{ touched_rows(ref('int_features__order_summary')) }}

),

{% for window in feature_window_days_values() %}
    touches_{{ window }} as (

        select touched.* from ({{ touched_rows(ref('int_features__touch_windows')) }}) as touched
        where touched.window_days = {{ window }}

    ),

{% endfor %}
visits as (

    {{ touched_rows(ref('int_features__visit_summary')) }}

),

feedback as (

    {{ touched_rows(ref('int_features__feedback_summary')) }}

),

final as (

    select
        persons.person_id,
        persons.cutoff_at,
        persons.is_known,
        persons.has_email,
        persons.has_phone,
        persons.has_push_token,
        persons.has_loyalty_id,
        persons.has_customer_id,
        cast(persons.identifier_count as integer) as identifier_count,
        cast(persons.source_count as integer) as source_count,
        cast(
            coalesce({{ days_before('persons.first_seen_at', 'persons.cutoff_at') }}, 0) as double
        ) as tenure_days,
        cast(orders.days_since_last_order as double) as days_since_last_order,
        cast(orders.days_since_first_order as double) as days_since_first_order,
        cast(orders.days_between_orders as double) as days_between_orders,
        cast(coalesce(orders.order_count, 0) as integer) as order_count,
        cast(coalesce(orders.revenue_amount, 0) as decimal(18, 4)) as revenue_amount,
        cast(orders.average_order_amount as double) as average_order_amount,
        cast(orders.discount_share_180d as double) as discount_share_180d,
        cast(coalesce(orders.order_channel_count_180d, 0) as integer)
            as order_channel_count_180d,
        cast(coalesce(orders.refund_count_180d, 0) as integer) as refund_count_180d,
        {% for window in feature_windows() %}
            cast(coalesce(orders.order_count_{{ window }}d, 0) as integer)
                as order_count_{{ window }}d,
            cast(coalesce(orders.revenue_amount_{{ window }}d, 0) as decimal(18, 4))
                as revenue_amount_{{ window }}d,
        {% endfor %}
        cast(
            {{ days_before(feature_latest('last_engaged_at'), 'persons.cutoff_at') }} as double
        )
            as days_since_last_engagement,
        cast(
            {{ days_before(feature_latest('last_product_viewed_at'), 'persons.cutoff_at') }}
            as double
        )
            as days_since_last_product_view,
        cast(
            {{ days_before(feature_latest('last_cart_added_at'), 'persons.cutoff_at') }} as double
        )
            as days_since_last_cart_add,
        -- rounded, because a sum of doubles depends on its order in the last digits
        round(cast({{ feature_within('intent_score', 180) }} as double), 6) as intent_score,
        cast(coalesce(visits.distinct_channel_count_180d, 0) as integer)
            as distinct_channel_count_180d,
        cast({{ feature_within('unsubscribe_count', 180) }} as integer) as unsubscribe_count_180d,
        cast({{ feature_within('support_contact_count', 180) }} as integer)
            as support_contact_count_180d,
        {% for window in feature_windows() %}
            cast(coalesce(visits.session_count_{{ window }}d, 0) as integer)
                as session_count_{{ window }}d,
            {% for measure in touch_measures %}
                cast({{ feature_within(measure, window) }} as integer)
                    as {{ measure }}_{{ window }}d,
            {% endfor %}
            {% for channel_group in feature_channel_groups() %}
                cast({{ feature_within('touch_count_' ~ channel_group, window) }} as integer)
                    as touch_count_{{ channel_group }}_{{ window }}d,
                cast({{ feature_within('engagement_count_' ~ channel_group, window) }} as integer)
                    as engagement_count_{{ channel_group }}_{{ window }}d,
            {% endfor %}
        {% endfor %}
        cast(feedback.nps_last as double) as nps_last,
        cast(feedback.csat_last as double) as csat_last,
        cast(coalesce(feedback.ticket_count_180d, 0) as integer) as ticket_count_180d,
        cast(coalesce(feedback.offer_received_count_180d, 0) as integer)
            as offer_received_count_180d,
        cast(coalesce(feedback.offer_redeemed_count_180d, 0) as integer)
            as offer_redeemed_count_180d
    from persons
    left join orders
        on persons.cutoff_at = orders.cutoff_at
            and persons.person_number = orders.person_number
    {% for window in feature_window_days_values() %}
        left join touches_{{ window }}
            on persons.cutoff_at = touches_{{ window }}.cutoff_at
                and persons.person_number = touches_{{ window }}.person_number
    {% endfor %}
    left join visits
        on persons.cutoff_at = visits.cutoff_at
            and persons.person_number = visits.person_number
    left join feedback
        on persons.cutoff_at = feedback.cutoff_at
            and persons.person_number = feedback.person_number

)

select * from final
