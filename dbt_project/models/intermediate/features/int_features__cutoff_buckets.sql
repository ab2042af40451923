-- Grain: one row per past cutoff and stretch of time before it.
-- The edges of all windows of all past cutoffs cut time into buckets. What happened in one bucket
-- is in the same windows at every cutoff, so it is read and summed once for all of them.
with

cutoffs as (

    select * from {{ ref('int_features__cutoffs') }}
    where cutoff_number > 0

),

edges as (

    select cutoff_at as edge_at from cutoffs
    {% for window in feature_windows() %}
        union
        select {{ add_time('cutoff_at', '-' ~ window, 'day') }} as edge_at from cutoffs
    {% endfor %}
    union
    -- what lies before all windows
    select {{ feature_beginning() }} as edge_at

),

buckets as (

    select
        edge_at as starts_at,
        lead(edge_at) over (order by edge_at) as ends_at
    from edges

),

final as (

    select
        cutoffs.cutoff_at,
        buckets.starts_at,
        buckets.ends_at,
        -- from when on the bucket is over
        min(cutoffs.cutoff_at) over (partition by buckets.starts_at) as first_cutoff_at,
        {{ feature_window_days('buckets.starts_at', 'cutoffs.cutoff_at') }} as window_days
    from buckets
    inner join cutoffs
        on buckets.ends_at <= cutoffs.cutoff_at

)

select * from final
