-- Grain: one row per day (UTC) up to the newest past cutoff, with its bucket.
-- Past cutoffs and windows begin at midnight, so a day lies in one bucket, and facts find theirs by
-- equality. The day before the first edge stands for all earlier ones (macro feature_day).
with

buckets as (

    select distinct
        starts_at,
        ends_at,
        first_cutoff_at
    from {{ ref('int_features__cutoff_buckets') }}

),

numbers as (

    {{ numbers_below_thousand() }}

),

days as (

    select
        buckets.*,
        case
            when buckets.starts_at = {{ feature_beginning() }}
                then {{ add_time('buckets.ends_at', -1, 'day') }}
            else {{ add_time('buckets.starts_at', 'numbers.number', 'day') }}
        end as day_at
    from buckets
    inner join numbers
        on numbers.number = 0
            or (
                buckets.starts_at > {{ feature_beginning() }}
                and {{ add_time('buckets.starts_at', 'numbers.number', 'day') }} < buckets.ends_at
            )

),

final as (

    select
        cast(day_at as date) as bucket_day,
        starts_at,
        ends_at,
        first_cutoff_at
    from days

)

select * from final
