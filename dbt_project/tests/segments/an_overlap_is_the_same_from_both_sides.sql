-- Prevents: two answers to one question. What a segment shares with another is what the other
-- shares with it, and nobody is shared who is not a member of both.
{{ config(meta={'dagster': {'ref': {'name': 'overlap'}}}) }}
select
    overlap.segment,
    overlap.other_segment,
    overlap.both_count
from {{ ref('overlap') }} as overlap
left join {{ ref('overlap') }} as other_way
    on overlap.segment = other_way.other_segment
        and overlap.other_segment = other_way.segment
where
    (overlap.both_count = other_way.both_count) is not true
    or overlap.both_count > overlap.member_count
    or overlap.both_count > overlap.other_member_count
