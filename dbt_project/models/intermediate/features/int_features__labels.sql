-- Grain: one row per person, cutoff and score.
-- What happened after the cutoff, to the person that the cutoff's person is today (by the
-- identifier that names it). Labels may use everything that is known now; features never. Who
-- refused profiling is not eligible: neither learnt from nor scored.
with

persons as (

    select * from {{ ref('int_identity__persons_at_cutoff') }}

),

identifiers as (

    select * from {{ ref('int_identity__identifiers') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

order_summary as (

    select * from {{ ref('int_features__order_summary') }}

),

touch_summary as (

    select * from {{ ref('int_features__touch_summary') }}

),

refusals as (

    select distinct person_id
    from {{ ref('consent_current') }}
    where
        purpose = 'profiling'
        and status in ('objected', 'withdrawn', 'denied')

),

scores as (

    select
        'propensity_30d' as score_name,
        30 as horizon_days
    union all
    select
        'churn_90d' as score_name,
        90 as horizon_days

),

candidates as (

    select
        persons.person_id,
        persons.cutoff_at,
        identifiers.person_id as person_id_now,
        refusals.person_id is not null as has_refused,
        coalesce(order_summary.order_count_90d, 0) > 0
        or coalesce(touch_summary.engagement_count_90d, 0) > 0 as was_seen,
        coalesce(order_summary.order_count_180d, 0) > 0 as is_active_customer
    from persons
    left join identifiers
        on persons.anchor_identifier_key = identifiers.identifier_key
    left join refusals
        on identifiers.person_id = refusals.person_id
    left join order_summary
        on persons.cutoff_at = order_summary.cutoff_at
            and persons.person_id = order_summary.person_id
    left join touch_summary
        on persons.cutoff_at = touch_summary.cutoff_at
            and persons.person_id = touch_summary.person_id

),

windows as (

    select
        candidates.*,
        scores.score_name,
        {{ add_time('candidates.cutoff_at', 'scores.horizon_days', 'day') }} as label_end_at
    from candidates
    cross join scores

),

later_orders as (

    select
        windows.person_id,
        windows.cutoff_at,
        windows.score_name,
        count(*) as order_count
    from windows
    inner join orders
        on windows.person_id_now = orders.person_id
            and windows.cutoff_at <= orders.ordered_at
            and windows.label_end_at > orders.ordered_at
    where orders.status = 'completed'
    group by windows.person_id, windows.cutoff_at, windows.score_name

),

final as (

    select
        windows.person_id,
        windows.cutoff_at,
        windows.score_name,
        case
            when windows.label_end_at > {{ as_of() }} then cast(null as boolean)
            when windows.score_name = 'churn_90d' then later_orders.order_count is null
            else later_orders.order_count is not null
        end as label,
        windows.label_end_at,
        windows.label_end_at <= {{ as_of() }} as is_mature,
        case
            when windows.has_refused then false
            when windows.score_name = 'churn_90d' then windows.is_active_customer
            else windows.was_seen
        end as is_eligible
    from windows
    left join later_orders
        on windows.person_id = later_orders.person_id
            and windows.cutoff_at = later_orders.cutoff_at
            and windows.score_name = later_orders.score_name

)

select * from final
