-- Grain: one row per event in the life of an offer or of points, in its current version.
{% call touched() %}
    {{ touched_facts('offer_events') }}
{% endcall %}
with

offer_events as (

    {{ touched_rows(ref('int_contracts__offer_events')) }}

),

record_persons as (

    {{ record_persons_of(
        '(' ~ touched_rows(ref('int_contracts__offer_events')) ~ ') as touched_facts'
    ) }}

),

rates as (

    select * from {{ ref('int_core__exchange_rates') }}

),

final as (

    select
        {{ surrogate_key(['offer_events.source', 'offer_events.offer_event_id']) }}
            as offer_event_key,
        offer_events.offer_event_id,
        offer_events.source,
        offer_events.record_id,
        record_persons.person_id,
        record_persons.person_id_as_known,
        record_persons.named_person_number,
        offer_events.occurred_at,
        offer_events.loaded_at,
        offer_events.offer_id,
        offer_events.event,
        offer_events.grant_id,
        offer_events.coupon_code,
        offer_events.tier,
        offer_events.points_delta,
        offer_events.reason,
        offer_events.channel,
        offer_events.order_id,
        cast(offer_events.value_amount * rates.rate as decimal(18, 4)) as value_amount,
        offer_events.currency as original_currency
    from offer_events
    left join record_persons
        on offer_events.record_key = record_persons.record_key
    left join rates
        on offer_events.currency = rates.from_currency
            and offer_events.occurred_at >= rates.valid_from
            and offer_events.occurred_at < rates.valid_before
    where offer_events.superseded_at is null

)

select * from final
