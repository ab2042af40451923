-- Grain: one row per funnel, step and slice of its entrants.
{%- set steps = range(2, funnel_step_limit() + 1) %}
with

entries as (

    select * from {{ ref('int_journeys__funnel_entries') }}

),

slices as (

    select * from {{ ref('int_journeys__funnel_slices') }}

),

funnel_steps as (

    select * from {{ ref('funnel_steps') }}
    where step_number >= 1

),

aged as (

    select
        entries.*,
        {{ seconds_between('entries.first_entry_at', as_of()) }} >= slices.window_s as is_mature
    from entries
    inner join slices
        on entries.funnel_number = slices.funnel_number
            and entries.slice_by = slices.slice_by

),

counted as (

    select
        funnel_number,
        slice_by,
        slice_value,
        is_mature,
        {%- for step in steps %}
            sum(case when step_count >= {{ step }} then 1 else 0 end) as reached_{{ step }},
            median(step_{{ step }}_s) as median_{{ step }}_s,
        {%- endfor %}
        count(*) as reached_1
    from aged
    group by funnel_number, slice_by, slice_value, is_mature

),

-- a funnel that nobody entered is there, with zeros
told as (

    select
        slices.funnel,
        slices.slice_by,
        coalesce(counted.slice_value, '(all)') as slice_value,
        coalesce(counted.is_mature, true) as is_mature,
        coalesce(counted.reached_1, 0) as reached_1,
        {%- for step in steps %}
            coalesce(counted.reached_{{ step }}, 0) as reached_{{ step }},
            counted.median_{{ step }}_s,
        {%- endfor %}
        slices.funnel_number
    from slices
    left join counted
        on slices.funnel_number = counted.funnel_number
            and slices.slice_by = counted.slice_by
    where
        counted.funnel_number is not null
        or slices.slice_by = '(all)'

),

stepped as (

    select
        told.funnel,
        told.slice_by,
        told.slice_value,
        told.is_mature,
        told.reached_1 as entrant_count,
        funnel_steps.step_number,
        funnel_steps.step,
        case funnel_steps.step_number
            when 1 then told.reached_1
            {%- for step in steps %}
                when {{ step }} then told.reached_{{ step }}
            {%- endfor %}
        end as reached_count,
        case funnel_steps.step_number
            when 2 then told.reached_1
            {%- for step in steps if step > 2 %}
                when {{ step }} then told.reached_{{ step - 1 }}
            {%- endfor %}
        end as previous_count,
        case funnel_steps.step_number
            when 1 then case when told.reached_1 > 0 then 0 end
            {%- for step in steps %}
                when {{ step }} then told.median_{{ step }}_s
            {%- endfor %}
        end as median_time_s
    from told
    inner join funnel_steps
        on told.funnel = funnel_steps.funnel

),

final as (

    select
        funnel,
        cast(step_number as int) as step_number,
        step,
        concat(
            case when slice_by = '(all)' then '(all)'
                else concat(slice_by, ': ', slice_value)
            end,
            case when is_mature then '' else ' (immature)' end
        ) as slice,
        slice_by,
        slice_value,
        is_mature,
        cast(reached_count as bigint) as reached_count,
        cast(entrant_count as bigint) as entrant_count,
        case when step_number = 1 then cast(reached_count as double) / nullif(reached_count, 0)
            else cast(reached_count as double) / nullif(previous_count, 0)
        end as step_rate,
        cast(reached_count as double) / nullif(entrant_count, 0) as overall_rate,
        cast(median_time_s as double) as median_time_s
    from stepped

)

select * from final
