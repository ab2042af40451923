-- Grain: one row per feedback, in its current version. What people wrote is in pii.free_text.
{% call touched() %}
    {{ touched_facts('feedback') }}
{% endcall %}
with

feedback as (

    {{ touched_rows(ref('int_contracts__feedback')) }}

),

record_persons as (

    {{ record_persons_of(
        '(' ~ touched_rows(ref('int_contracts__feedback')) ~ ') as touched_facts'
    ) }}

),

final as (

    select
        {{ surrogate_key(['feedback.source', 'feedback.feedback_id']) }} as feedback_key,
        feedback.feedback_id,
        feedback.source,
        feedback.record_id,
        record_persons.person_id,
        record_persons.person_id_as_known,
        record_persons.named_person_number,
        feedback.occurred_at,
        feedback.loaded_at,
        feedback.channel,
        feedback.kind,
        feedback.question,
        feedback.answer,
        feedback.score,
        feedback.topic,
        feedback.body is not null as has_body,
        feedback.campaign_id,
        feedback.content_id,
        feedback.priority,
        feedback.first_response_at,
        feedback.resolved_at,
        feedback.related_touchpoint_id,
        case
            when feedback.related_touchpoint_id is not null
                then {{ surrogate_key(['feedback.source', 'feedback.related_touchpoint_id']) }}
        end as related_touchpoint_key
    from feedback
    left join record_persons
        on feedback.record_key = record_persons.record_key
    where feedback.superseded_at is null

)

select * from final
