"""Questions of one person's story; what is searched for enters as a parameter."""

# A person id, one that was given up, or the beginning (8 or more digits) of an identifier's hash.
FIND = """
select distinct persons.person_id, persons.identifier_count, persons.record_count,
    persons.is_known, persons.first_seen_at, persons.last_seen_at
from identity.persons as persons
where persons.person_id in (
    select person_id from identity.persons where person_id = $asked
    union all
    select person_id from identity.person_redirects where old_person_id = $asked
    union all
    select person_id from identity.identifier_person
    where is_current and length($asked) >= 8 and starts_with(identifier_key, $asked)
)
order by persons.person_id
limit 20
"""

EXAMPLES = """
select person_id, identifier_count, record_count, first_seen_at, last_seen_at
from identity.persons
where is_known
order by identifier_count desc, record_count desc, person_id
limit 5
"""

PROFILE = "select * from core.dim_profiles where person_id = $person"

SEGMENTS = """
select segment, entered_at, exited_at, is_holdout
from segments.membership where person_id = $person
order by entered_at desc, segment
"""

CONSENT = """
select channel, purpose, status, since, jurisdiction
from core.consent_current where person_id = $person
order by purpose, channel
"""

# Every channel's facts on one line; the newest two thousand.
TIMELINE = """
with happened as (
    select occurred_at, channel, interaction as what, campaign_id as detail,
        cast(null as decimal(18, 4)) as amount, source, 'touchpoint' as kind
    from core.fct_touchpoints
    where person_id = $person and is_automated is not true
    union all
    select ordered_at, channel, status, order_id, revenue_amount, source, 'order'
    from core.fct_orders where person_id = $person
    union all
    select occurred_at, channel, kind, topic, score, source, 'feedback'
    from core.fct_feedback where person_id = $person
    union all
    select occurred_at, channel, event, offer_id, value_amount, source, 'offer'
    from core.fct_offer_events where person_id = $person
)
select occurred_at, channel, kind, what, detail, amount, source
from happened
where ($first_day is null or occurred_at >= cast($first_day as date))
    and ($last_day is null or occurred_at < cast($last_day as date) + interval 1 day)
    and ($channels is null or list_contains(cast($channels as varchar[]), channel))
order by occurred_at desc, kind, what, source, detail
limit 2000
"""

IDENTIFIERS = """
select identifier_type, identifier_key, valid_from, valid_to, known_from, is_current
from identity.identifier_person
where person_id = $person
order by is_current desc, identifier_type, valid_from, identifier_key
"""

EDGES = """
with own as (
    select identifier_key, min(identifier_type) as identifier_type
    from identity.identifier_person where person_id = $person and is_current
    group by identifier_key
)
select one.identifier_type as type_a, edges.identifier_a,
    other.identifier_type as type_b, edges.identifier_b,
    edges.status, edges.status_reason, edges.is_tree_edge, edges.evidence_count, edges.sources,
    edges.first_seen_at, edges.last_seen_at
from identity.edges as edges
inner join own as one on edges.identifier_a = one.identifier_key
inner join own as other on edges.identifier_b = other.identifier_key
order by edges.is_tree_edge desc, edges.first_seen_at, edges.edge_id
limit 500
"""

LEDGER = """
select effective_at, detected_at, event, other_person_id, cause_edge_id
from identity.person_ledger
where person_id = $person or other_person_id = $person
order by detected_at, effective_at, event_id
"""
