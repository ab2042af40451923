-- Grain: one row per person, cutoff and score.
-- What happened after the cutoff, to the person that the cutoff's person is today (by the
-- identifier that names it). Labels may use everything that is known now; features never. Who
-- refused profiling is not eligible: neither learnt from nor scored.
with

persons as (

    select * from {{ ref('int_identity__persons_at_cutoff') }}

),

identifiers as (

    select
        identifier_number,
        person_id
    from {{ ref('int_identity__identifiers') }}

),

person_features as (

    select
        cutoff_at,
        person_id,
        order_count_90d > 0 or engagement_count_90d > 0 as was_seen,
        order_count_180d > 0 as is_active_customer
    from {{ ref('person_features') }}

),

next_orders as (

    select
        cutoffs.cutoff_at,
        orders.person_id,
        min(orders.ordered_at) as ordered_at
    from {{ ref('fct_orders') }} as orders
    inner join {{ ref('int_features__cutoffs') }} as cutoffs
        on orders.ordered_at >= cutoffs.cutoff_at
    where
        orders.status = 'completed'
        and orders.person_id is not null
    group by cutoffs.cutoff_at, orders.person_id

),

refusals as (

    select distinct person_id
    from {{ ref('consent_current') }}
    where
        purpose = 'profiling'
        and status in ('objected', 'withdrawn', 'denied')

),

candidates as (

    select
        persons.person_id,
        persons.cutoff_at,
        refusals.person_id is not null as has_refused,
        coalesce(person_features.was_seen, false) as was_seen,
        coalesce(person_features.is_active_customer, false) as is_active_customer,
        next_orders.ordered_at as next_order_at
    from persons
    left join identifiers
        on persons.anchor_number = identifiers.identifier_number
    left join refusals
        on identifiers.person_id = refusals.person_id
    left join next_orders
        on persons.cutoff_at = next_orders.cutoff_at
            and identifiers.person_id = next_orders.person_id
    left join person_features
        on persons.cutoff_at = person_features.cutoff_at
            and persons.person_id = person_features.person_id

),

asked as (

    select
        person_id,
        cutoff_at,
        'propensity_30d' as score_name,
        {{ add_time('cutoff_at', 30, 'day') }} as label_end_at,
        was_seen and not has_refused as is_eligible,
        next_order_at
    from candidates
    union all
    select
        person_id,
        cutoff_at,
        'churn_90d' as score_name,
        {{ add_time('cutoff_at', 90, 'day') }} as label_end_at,
        is_active_customer and not has_refused as is_eligible,
        next_order_at
    from candidates

),

final as (

    select
        person_id,
        cutoff_at,
        score_name,
        case
            when label_end_at > {{ as_of() }} then cast(null as boolean)
            -- true for who ordered in the window, for churn for who did not
            else (score_name = 'churn_90d')
                <> (next_order_at is not null and next_order_at < label_end_at)
        end as label,
        label_end_at,
        label_end_at <= {{ as_of() }} as is_mature,
        is_eligible
    from asked

)

select * from final
