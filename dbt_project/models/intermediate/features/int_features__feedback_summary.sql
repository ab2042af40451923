-- Grain: one row per cutoff and person with feedback or an offer event known by then.
with

cutoffs as (

    select * from {{ ref('int_features__cutoffs') }}

),

feedback as (

    select * from {{ ref('int_contracts__feedback') }}

),

offer_events as (

    select * from {{ ref('int_contracts__offer_events') }}

),

record_persons as (

    select * from {{ ref('int_identity__record_persons_at_cutoff') }}

),

known as (

    select
        cutoffs.cutoff_at,
        feedback.source,
        feedback.record_key,
        feedback.feedback_id as event_id,
        feedback.occurred_at,
        feedback.kind,
        feedback.score
    from feedback
    inner join cutoffs
        on feedback.occurred_at < cutoffs.cutoff_at
            and {{ known_at_cutoff('feedback') }}
    union all
    select
        cutoffs.cutoff_at,
        offer_events.source,
        offer_events.record_key,
        offer_events.offer_event_id as event_id,
        offer_events.occurred_at,
        concat('offer_', offer_events.event) as kind,
        cast(null as decimal(18, 4)) as score
    from offer_events
    inner join cutoffs
        on offer_events.occurred_at < cutoffs.cutoff_at
            and {{ known_at_cutoff('offer_events') }}

),

owned as (

    select
        known.*,
        record_persons.person_id,
        {{ days_before('known.occurred_at', 'known.cutoff_at') }} as age_days
    from known
    inner join record_persons
        on known.cutoff_at = record_persons.cutoff_at
            and known.record_key = record_persons.record_key
    where record_persons.person_id is not null

),

ranked as (

    select
        *,
        row_number() over (
            partition by cutoff_at, person_id, kind
            order by
                case when score is null then 1 else 0 end,
                occurred_at desc,
                source asc,
                event_id asc
        ) as newest_rank
    from owned

),

final as (

    select
        cutoff_at,
        person_id,
        max(case when kind = 'nps' and newest_rank = 1 then score end) as nps_last,
        max(case when kind = 'csat' and newest_rank = 1 then score end) as csat_last,
        sum(case when kind = 'ticket' and age_days <= 180 then 1 else 0 end) as ticket_count_180d,
        sum(case when kind = 'offer_redeemed' and age_days <= 180 then 1 else 0 end)
            as offer_redeemed_count_180d,
        sum(
            case
                when kind in ('offer_granted', 'offer_presented') and age_days <= 180 then 1
                else 0
            end
        ) as offer_received_count_180d
    from ranked
    group by cutoff_at, person_id

)

select * from final
