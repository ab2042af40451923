-- Grain: one row per cutoff_at.
-- as_of always. Before it the newest days of a fixed grid (every step from 1 January 1970) that lie
-- at least a step before as_of and leave 30 days of data to look back on: what was known at such a
-- day does not change any more when as_of moves on, so its features are built once.
with

steps as (

    select cast(numbers.number as integer) as step_number
    from ({{ numbers_below_thousand() }}) as numbers

),

loads as (

    {% for name in ['identity__records', 'contracts__touchpoints', 'contracts__orders'] %}
        select min(loaded_at) as loaded_at from {{ ref('int_' ~ name) }}
        {% if not loop.last %}union all{% endif %}

    {% endfor %}

),

first_load as (

    select min(loaded_at) as first_loaded_at from loads

),

grid as (

    -- the last day of the grid that lies at least a step before as_of
    select
        {{ add_time('first_load.first_loaded_at', 30, 'day') }} as first_cutoff_at,
        settings.feature_cutoff_count,
        settings.feature_cutoff_step_days,
        settings.feature_cutoff_step_days
        * (
            cast(
                floor(
                    {{ seconds_between("cast('1970-01-01' as timestamp)", 'settings.as_of') }}
                    / (86400.0 * settings.feature_cutoff_step_days)
                ) as integer
            ) - 1
        ) as last_grid_day
    from {{ source('ops', 'settings') }} as settings
    cross join first_load

),

past as (

    select
        {{ add_time(
            "cast('1970-01-01' as timestamp)",
            'grid.last_grid_day - steps.step_number * grid.feature_cutoff_step_days', 'day'
        ) }} as cutoff_at,
        steps.step_number + 1 as cutoff_number,
        grid.first_cutoff_at
    from steps
    cross join grid
    where steps.step_number < grid.feature_cutoff_count - 1

),

final as (

    select
        {{ as_of() }} as cutoff_at,
        0 as cutoff_number
    union all
    select
        cutoff_at,
        cutoff_number
    from past
    where cutoff_at > first_cutoff_at

)

select * from final
