-- Prevents: a report that promises an audience which the gate then refuses.
{{ config(meta={'dagster': {'ref': {'name': 'reach'}}}) }}
select
    reachable.segment,
    reachable.person_id,
    reachable.channel
from {{ ref('int_segments__reachable') }} as reachable
left join {{ ref('membership') }} as stays
    on reachable.segment = stays.segment
        and reachable.person_id = stays.person_id
        and stays.exited_at is null
        and not stays.is_holdout
left join {{ ref('consent_current') }} as words
    on reachable.person_id = words.person_id
        and words.purpose = 'marketing'
        and words.channel in (reachable.channel, 'all')
        and words.status = 'granted'
where stays.person_id is null or words.person_id is null
