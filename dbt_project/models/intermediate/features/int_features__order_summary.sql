-- Grain: one row per cutoff and person with an order or a refund known by then.
{% call touched() %}
    {{ touched_cutoff_features() }}
{% endcall %}
with

orders as (

    {{ touched_rows(ref('int_features__known_orders')) }}

),

summed as (

    select
        cutoff_at,
        person_number,
        max(case when is_completed then age_days end) as days_since_first_order,
        min(case when is_completed then age_days end) as days_since_last_order,
        sum(case when is_completed then 1 else 0 end) as order_count,
        sum(case when is_refund and age_days <= 180 then 1 else 0 end) as refund_count_180d,
        coalesce(sum(net_revenue_amount), 0) as revenue_amount,
        sum(case when is_completed then net_revenue_amount else 0 end) as gross_revenue_amount,
        sum(
            case when is_completed and age_days <= 180 then coalesce(discount_amount, 0) else 0 end
        ) as discount_amount_180d,
        sum(case when is_completed and age_days <= 180 then net_revenue_amount else 0 end)
            as gross_revenue_amount_180d,
        count(distinct case when is_completed and age_days <= 180 then channel end)
            as order_channel_count_180d,
    {% for window in feature_windows() %}
        sum(case when is_completed and age_days <= {{ window }} then 1 else 0 end)
            as order_count_{{ window }}d,
        sum(case when age_days <= {{ window }} then coalesce(net_revenue_amount, 0) else 0 end)
            as revenue_amount_{{ window }}d{{ ',' if not loop.last }}
    {% endfor %}
    from orders
    group by cutoff_at, person_number

),

final as (

    select
        *,
        cast(gross_revenue_amount as double) / nullif(order_count, 0) as average_order_amount,
        case
            when order_count > 1
                then (days_since_first_order - days_since_last_order) / (order_count - 1)
        end as days_between_orders,
        cast(discount_amount_180d as double)
        / nullif(cast(gross_revenue_amount_180d + discount_amount_180d as double), 0)
            as discount_share_180d
    from summed

)

select * from final
