-- Grain: one row per cutoff and person with feedback or an offer event known by then.
-- Past cutoffs take the version and the person known then; as_of reads the current events.
{% call touched() %}
    {{ touched_cutoff_features() }}
{% endcall %}
with

cutoffs as (

    select touched.* from ({{ touched_rows(ref('int_features__cutoffs')) }}) as touched
    where touched.cutoff_number > 0

),

events as (

    select
        record_key,
        source,
        feedback_id as event_id,
        occurred_at,
        kind,
        score,
        loaded_at,
        superseded_at
    from {{ ref('int_contracts__feedback') }}
    union all
    select
        record_key,
        source,
        offer_event_id as event_id,
        occurred_at,
        concat('offer_', event) as kind,
        cast(null as decimal(18, 4)) as score,
        loaded_at,
        superseded_at
    from {{ ref('int_contracts__offer_events') }}

),

keyed as (

    -- an outer join: the few events come first, not all records with all their persons
    select
        events.*,
        records.set_key,
        records.loaded_at as record_loaded_at
    from events
    left join {{ ref('int_identity__records') }} as records
        on events.record_key = records.record_key

),

past as (

    select
        cutoffs.cutoff_at,
        set_persons.person_number,
        keyed.source,
        keyed.event_id,
        keyed.occurred_at,
        keyed.kind,
        keyed.score
    from keyed
    inner join cutoffs
        on keyed.occurred_at < cutoffs.cutoff_at
            and keyed.record_loaded_at < cutoffs.cutoff_at
            and {{ known_at_cutoff('keyed') }}
    inner join {{ ref('int_identity__set_persons_before') }} as set_persons
        on cutoffs.cutoff_at = set_persons.cutoff_at
            and keyed.set_key = set_persons.set_key

),

present as (

    select
        {{ as_of() }} as cutoff_at,
        named_person_number as person_number,
        source,
        feedback_id as event_id,
        occurred_at,
        kind,
        score
    from {{ ref('fct_feedback') }}
    where occurred_at < {{ as_of() }} {{ and_touched(as_of()) }}
    union all
    select
        {{ as_of() }} as cutoff_at,
        named_person_number as person_number,
        source,
        offer_event_id as event_id,
        occurred_at,
        concat('offer_', event) as kind,
        cast(null as decimal(18, 4)) as score
    from {{ ref('fct_offer_events') }}
    where occurred_at < {{ as_of() }} {{ and_touched(as_of()) }}

),

combined as (

    {% if past_is_touched() %}
        select * from past
        union all
    {% endif %}
    select * from present

),

owned as (

    select
        *,
        {{ feature_window_days('occurred_at', 'cutoff_at') }} as window_days
    from combined
    where person_number is not null

),

counted as (

    select
        cutoff_at,
        person_number,
        sum(case when kind = 'ticket' and window_days <= 180 then 1 else 0 end)
            as ticket_count_180d,
        sum(case when kind = 'offer_redeemed' and window_days <= 180 then 1 else 0 end)
            as offer_redeemed_count_180d,
        sum(
            case
                when kind in ('offer_granted', 'offer_presented') and window_days <= 180 then 1
                else 0
            end
        ) as offer_received_count_180d
    from owned
    group by cutoff_at, person_number

),

-- few events are answers: only they are put in order
answers as (

    select
        cutoff_at,
        person_number,
        kind,
        score,
        row_number() over (
            partition by cutoff_at, person_number, kind
            order by occurred_at desc, source asc, event_id asc
        ) as newest_rank
    from owned
    where
        kind in ('nps', 'csat')
        and score is not null

),

last_answers as (

    select
        cutoff_at,
        person_number,
        max(case when kind = 'nps' then score end) as nps_last,
        max(case when kind = 'csat' then score end) as csat_last
    from answers
    where newest_rank = 1
    group by cutoff_at, person_number

),

final as (

    select
        counted.*,
        last_answers.nps_last,
        last_answers.csat_last
    from counted
    left join last_answers
        on counted.cutoff_at = last_answers.cutoff_at
            and counted.person_number = last_answers.person_number

)

select * from final
