-- Grain: one row per funnel, slice and person who entered it: the step that the best of all of the
-- person's entries of that slice reached. Counting the first entry alone loses most: who looked in
-- May, and looked and bought in June, would be lost.
{%- set steps = range(2, funnel_step_limit() + 1) %}
{% call touched() %}
    select person_number from {{ changes(ref('int_journeys__funnel_events')) }}
{% endcall %}
{#- a subquery, not a CTE: read a dozen times, each time a few of its rows -#}
{%- set events -%} ({{ touched_rows(ref('int_journeys__funnel_events')) }}) {%- endset %}
with

slices as (

    select * from {{ ref('int_journeys__funnel_slices') }}

),

chains as (

    select * from ({{ funnel_ordered(events) }}) as ordered_chains
    union all
    select * from ({{ funnel_strict_order(events) }}) as strict_chains
    union all
    select * from ({{ funnel_any_order(events) }}) as any_chains

),

quarter_dates as (

    {{ quarter_dates('chains', 'entry_at') }}

),

sliced as (

    select
        chains.funnel_number,
        chains.person_number,
        chains.entry_at,
        chains.step_number,
        {{ seconds_between('chains.entry_at', 'chains.reached_at') }} as step_s,
        slices.slice_by,
        case slices.slice_by
            when '(all)' then '(all)'
            when 'channel' then coalesce(chains.channel, '(none)')
            when 'campaign' then coalesce(chains.campaign_id, '(none)')
            when 'device' then coalesce(chains.device_category, '(none)')
            when 'month' then substr(cast(quarter_dates.local_date as {{ string_type() }}), 1, 7)
        end as slice_value
    from chains
    inner join slices
        on chains.funnel_number = slices.funnel_number
    inner join quarter_dates
        on {{ quarter('chains.entry_at') }} = quarter_dates.quarter

),

final as (

    -- of every step the shortest way there; the first entry says whether the window is over
    select
        funnel_number,
        person_number,
        slice_by,
        slice_value,
        min(entry_at) as first_entry_at,
        max(step_number) as step_count,
        {%- for step in steps %}
            min(case when step_number = {{ step }} then step_s end) as step_{{ step }}_s
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from sliced
    group by funnel_number, person_number, slice_by, slice_value

)

select * from final
