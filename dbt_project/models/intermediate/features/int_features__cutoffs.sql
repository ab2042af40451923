-- Grain: one row per cutoff_at.
-- as_of always, and before it only what leaves 30 days of data to look back on.
with

steps as (

    select cast(numbers.number as integer) as cutoff_number
    from ({{ numbers_below_thousand() }}) as numbers

),

loads as (

    {% for contract in ['identifiers', 'touchpoints', 'orders'] %}
        select min(loaded_at) as loaded_at from {{ ref('int_contracts__' ~ contract) }}
        {% if not loop.last %}union all{% endif %}

    {% endfor %}

),

first_load as (

    select min(loaded_at) as first_loaded_at from loads

),

candidates as (

    select
        steps.cutoff_number,
        {{ add_time(
            'settings.as_of', '-1 * steps.cutoff_number * settings.feature_cutoff_step_days', 'day'
        ) }} as cutoff_at,
        {{ add_time('first_load.first_loaded_at', 30, 'day') }} as first_cutoff_at
    from steps
    cross join {{ source('ops', 'settings') }} as settings
    cross join first_load
    where steps.cutoff_number < settings.feature_cutoff_count

),

final as (

    select
        cutoff_at,
        cutoff_number
    from candidates
    where cutoff_number = 0 or cutoff_at > first_cutoff_at

)

select * from final
