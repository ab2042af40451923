-- Prevents: mail to somebody who opted out with another address. A person's word may be granted
-- only where no identifier of that person has a stricter one for the same channel and purpose.
{{ config(meta={'dagster': {'ref': {'name': 'consent_current'}}}) }}
select
    consents.person_id,
    consents.channel,
    consents.purpose
from {{ ref('consent_current') }} as consents
inner join {{ ref('consent_by_identifier') }} as words
    on consents.person_id = words.person_id
        and consents.channel = words.channel
        and consents.purpose = words.purpose
where consents.status = 'granted' and words.status <> 'granted'
