{# The measures of daily figures, by where they come from: the same for campaigns, channels and the
   business. #}
{% macro kpi_measures() -%}
    {% do return({
        'touches': [
            'touchpoint_count', 'automated_count', 'impression_count', 'send_count',
            'delivery_count', 'bounce_count', 'open_count', 'click_count', 'engagement_count',
            'unsubscribe_count', 'complaint_count', 'cart_count', 'sign_up_count',
            'store_visit_count', 'late_count',
        ],
        'sessions': ['session_count'],
        'costs': ['paid_impression_count', 'paid_click_count'],
        'sold': [
            'repeat_order_count', 'known_order_count', 'unknown_margin_count', 'refund_count',
            'journey_conversion_count', 'time_to_conversion_s',
        ],
        'credited': ['conversion_count', 'new_customer_count'],
        'sold_amounts': ['revenue_amount', 'margin_amount', 'refund_amount'],
        'cost_amounts': ['cost_amount'],
    }) %}
{%- endmacro %}

{# Those of them that are whole numbers. #}
{% macro kpi_counts() -%}
    {%- set measures = kpi_measures() -%}
    {% do return(measures.touches + measures.sessions + measures.costs + measures.sold) %}
{%- endmacro %}

{# The rates of a row of daily figures, in one place for campaigns and channels: each is a quotient
   of sums of the same row, null where there is nothing to divide by. docs/kpis.md has the words. #}
{% macro kpi_rates(table) -%}
    {%- set rates = {
        'engagement_rate': ['engagement_count', 'touchpoint_count - ' ~ table ~ '.automated_count'],
        'conversion_rate': ['conversion_count', 'session_count'],
        'revenue_per_visit': ['revenue_amount', 'session_count'],
        'time_to_conversion_days': ['time_to_conversion_s', 'journey_conversion_count * 86400'],
        'roas': ['revenue_amount', 'cost_amount'],
        'cac': ['cost_amount', 'new_customer_count'],
    } -%}
    {%- for rate, parts in rates.items() %}
    {{ ratio(table ~ '.' ~ parts[0], table ~ '.' ~ parts[1]) }} as {{ rate }},
    {%- endfor %}
    case
        when {{ table }}.unknown_margin_count = 0
            then {{ ratio(
                table ~ '.margin_amount - ' ~ table ~ '.cost_amount', table ~ '.cost_amount'
            ) }}
    end as romi
{%- endmacro %}

{# Quotient as double; null, never infinite, where the divisor is 0. #}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}
