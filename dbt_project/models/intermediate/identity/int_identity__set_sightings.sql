-- Grain: one row per identifier set and first cutoff that knows some of its records.
-- as_of is the last cutoff.
with

cutoffs as (

    select
        cutoff_at,
        lag(cutoff_at) over (order by cutoff_at) as previous_cutoff_at
    from {{ ref('int_features__cutoffs') }}

),

records as (

    select * from {{ ref('int_identity__records') }}

),

final as (

    select
        records.set_key,
        cutoffs.cutoff_at as known_from,
        min(records.source) as source,
        min(records.record_key) as record_key,
        min(case when records.is_simple then 1 else 0 end) = 1 as is_simple,
        count(*) as record_count,
        min(records.observed_at) as observed_at,
        max(records.last_observed_at) as last_observed_at,
        min(records.loaded_at) as loaded_at
    from records
    inner join cutoffs
        on records.loaded_at < cutoffs.cutoff_at
            and (
                cutoffs.previous_cutoff_at is null
                or records.loaded_at >= cutoffs.previous_cutoff_at
            )
    group by records.set_key, cutoffs.cutoff_at

)

select * from final
