-- Grain: one row per markov_order, month, draw group of journeys, from_state and to_state. A state
-- is the last channels of a journey, so many as the order says (all, where there are fewer);
-- '(start)' comes before the first, '(conversion)' and '(lost)' after the last. Equal states in a
-- row are one.
with

steps as (

    select * from {{ ref('int_attribution__path_steps') }}

),

transitions as (

    {% for order in attribution_markov_orders() %}
        {%- set names = ['channel_1', 'channel_2', 'channel_3', 'channel_4'] %}
        {%- set here = markov_state(names[:order]) %}
        {%- set next = markov_state(names[1:order + 1]) %}
        select
            {{ order }} as markov_order,
            period_start,
            draw_group,
            '(start)' as from_state,
            {{ here }} as to_state,
            step_count as transition_count,
            0 as revenue,
            0 as new_customers
        from steps
        where is_first_step
        union all
        select
            {{ order }} as markov_order,
            period_start,
            draw_group,
            {{ here }} as from_state,
            {{ next }} as to_state,
            step_count as transition_count,
            0 as revenue,
            0 as new_customers
        from steps
        where
            {{ names[order] }} is not null
            and {{ here }} <> {{ next }}
        union all
        select
            {{ order }} as markov_order,
            period_start,
            draw_group,
            {{ here }} as from_state,
            case when is_converted then '(conversion)' else '(lost)' end as to_state,
            step_count as transition_count,
            revenue,
            new_customers
        from steps
        where
            {{ names[order] }} is null
            and (is_first_step or {{ names[order - 1] }} is not null)
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}

),

final as (

    select
        markov_order,
        period_start,
        draw_group,
        from_state,
        to_state,
        sum(transition_count) as transition_count,
        sum(revenue) as revenue,
        sum(new_customers) as new_customers
    from transitions
    group by markov_order, period_start, draw_group, from_state, to_state

)

select * from final
