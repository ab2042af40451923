{# What KPIs of the seed `kpi_goals` may divide: columns of business_daily, days add up to weeks. A
   brand's own KPI names two of them; a new measure is a column there and a line here. #}
{% macro scorecard_measures() -%}
    {% do return(scorecard_counts() + scorecard_amounts()) %}
{%- endmacro %}

{% macro scorecard_counts() -%}
    {% do return([
        'touchpoint_count', 'human_touchpoint_count', 'impression_count', 'send_count',
        'delivery_count', 'bounce_count', 'open_count', 'click_count', 'engagement_count',
        'unsubscribe_count', 'complaint_count', 'cart_count', 'sign_up_count',
        'store_visit_count', 'session_count', 'repeat_session_count', 'paid_impression_count',
        'paid_click_count', 'order_count', 'new_customer_count', 'repeat_order_count',
        'known_order_count', 'refund_count', 'time_to_conversion_s', 'journey_conversion_s_per_day',
        'matured_customer_count', 'matured_repeat_count',
    ]) %}
{%- endmacro %}

{% macro scorecard_amounts() -%}
    {% do return([
        'revenue_amount', 'refunded_amount', 'net_revenue_amount', 'margin_amount', 'cost_amount',
        'attributed_revenue_amount', 'attributed_margin_after_spend_amount',
        'matured_margin_amount',
    ]) %}
{%- endmacro %}
