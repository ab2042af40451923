-- Grain: one row per active funnel and what its entrants are told apart by; (all) is one of them.
{%- set kinds = ['channel', 'month', 'campaign', 'device'] %}
with

funnels as (

    select
        *,
        dense_rank() over (order by funnel) as funnel_number,
        cast(window_hours * 3600 as bigint) as window_s
    from {{ ref('funnels') }}
    where is_active

),

final as (

    select
        funnel_number,
        funnel,
        mode,
        window_s,
        '(all)' as slice_by
    from funnels
    {%- for kind in kinds %}
        union all
        select
            funnel_number,
            funnel,
            mode,
            window_s,
            '{{ kind }}' as slice_by
        from funnels
        where instr(concat('|', coalesce(slices, ''), '|'), '|{{ kind }}|') > 0
    {%- endfor %}

)

select * from final
