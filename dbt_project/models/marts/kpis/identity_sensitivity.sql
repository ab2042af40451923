-- Grain: one row per KPI and identity level: what the figure would be if fewer or more records were
-- taken for one person.
{%- set levels = {
    'strict': 'strict_number, person_number',
    'default': 'person_number',
    'loose': 'loose_number',
} %}
{%- set kpis = {
    'persons': ['person_count', none],
    'customers': ['customer_count', none],
    'conversion_rate_persons': ['customer_count', 'person_count'],
    'repeat_customer_rate': ['repeat_customer_count', 'customer_count'],
    'orders_per_customer': ['order_count', 'customer_count'],
    'revenue_per_customer': ['net_revenue_amount', 'customer_count'],
    'cac_total': ['cost_amount', 'customer_count'],
    'cross_channel_share': ['cross_channel_count', 'person_count'],
} %}
with

activity as (

    select * from {{ ref('int_kpis__person_activity') }}

),

components as (

    select * from {{ ref('int_kpis__loose_persons') }}

),

known_orders as (

    select coalesce(sum(net_revenue_amount), 0) as net_revenue_amount
    from {{ ref('int_kpis__orders') }}
    where person_id is not null

),

costs as (

    select coalesce(sum(cost_amount), 0) as cost_amount
    from {{ ref('int_kpis__campaign_costs') }}

),

resolved as (

    select
        activity.*,
        coalesce(components.component_id, activity.person_number) as loose_number
    from activity
    left join components
        on activity.person_number = components.vertex_id

),

people as (

    {% for level, number in levels.items() %}
        select
            '{{ level }}' as identity_level,
            sum(order_count) as order_count,
            count(distinct channel) as channel_count
        from resolved
        group by {{ number }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

counted as (

    select
        identity_level,
        count(*) as person_count,
        count(case when order_count > 0 then 1 end) as customer_count,
        count(case when order_count > 1 then 1 end) as repeat_customer_count,
        count(case when channel_count > 1 then 1 end) as cross_channel_count,
        sum(order_count) as order_count
    from people
    group by identity_level

),

measured as (

    select
        counted.*,
        known_orders.net_revenue_amount,
        costs.cost_amount
    from counted
    cross join known_orders
    cross join costs

),

valued as (

    {% for kpi, parts in kpis.items() %}
        select
            '{{ kpi }}' as kpi,
            identity_level,
            cast({{ parts[0] }} as double) as numerator_amount,
            cast({{ parts[1] or 'null' }} as double) as denominator_amount,
            {{ ratio(parts[0], parts[1] or '1') }} as value
        from measured
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

defaults as (

    select
        kpi,
        value
    from valued
    where identity_level = 'default'

),

final as (

    select
        valued.kpi,
        valued.identity_level,
        valued.value,
        valued.numerator_amount,
        valued.denominator_amount,
        defaults.value as default_value,
        (valued.value - defaults.value) / nullif(abs(defaults.value), 0) as difference_rate
    from valued
    inner join defaults
        on valued.kpi = defaults.kpi

)

select * from final
