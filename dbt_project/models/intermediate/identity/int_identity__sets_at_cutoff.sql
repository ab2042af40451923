-- Grain: one row per past cutoff that is open and identifier set that was known then.
-- Records are summed once per stretch of time between two cutoffs.
with

cutoffs as (

    select * from {{ ref('int_identity__open_cutoffs') }}

),

stretches as (

    select
        cutoff_at as known_from,
        lag(cutoff_at) over (order by cutoff_at) as known_after
    from cutoffs

),

records as (

    -- on most days no cutoff is open, and nothing is read
    select * from {{ ref('int_identity__records') }}
    {% if not past_is_open() %} where 1 = 0 {% endif %}

),

sighted as (

    select
        stretches.known_from,
        records.set_key,
        -- a number: at cutoffs sources are counted, and a text in every row takes long to store
        min({{ quick_hash(['records.source']) }}) as source,
        min(records.observed_at) as observed_at,
        max(records.last_observed_at) as last_observed_at,
        min(records.loaded_at) as loaded_at,
        count(*) as record_count
    from records
    inner join stretches
        on records.loaded_at < stretches.known_from
            and records.loaded_at >= coalesce(stretches.known_after, {{ feature_beginning() }})
    group by stretches.known_from, records.set_key

),

final as (

    select
        cutoffs.cutoff_at,
        sighted.set_key,
        min(sighted.source) as source,
        min(sighted.observed_at) as observed_at,
        max(sighted.last_observed_at) as last_observed_at,
        min(sighted.loaded_at) as loaded_at,
        cast(sum(sighted.record_count) as bigint) as record_count
    from sighted
    inner join cutoffs
        on sighted.known_from <= cutoffs.cutoff_at
    group by cutoffs.cutoff_at, sighted.set_key

)

select * from final
