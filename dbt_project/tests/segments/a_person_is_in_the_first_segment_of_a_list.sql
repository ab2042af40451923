-- Prevents: a reminder of the cart and a win-back to one person on one morning. Whoever is in a
-- segment of a list has exactly one row of that list, and no segment before it has them.
{{ config(meta={'dagster': {'ref': {'name': 'priority_membership'}}}) }}
select
    stays.person_id,
    stays.segment,
    priorities.priority_list,
    chosen.segment as chosen_segment
from {{ ref('membership') }} as stays
inner join {{ ref('segment_priorities') }} as priorities on stays.segment = priorities.segment
left join {{ ref('priority_membership') }} as chosen
    on stays.person_id = chosen.person_id
        and priorities.priority_list = chosen.priority_list
where
    stays.exited_at is null
    and priorities.priority is not null
    and (chosen.priority <= priorities.priority) is not true
