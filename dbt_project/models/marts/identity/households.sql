-- Grain: one row per household.
select
    household_id,
    min(valid_from) as first_seen_at,
    cast(count(*) as bigint) as member_count,
    cast(count(case when valid_to is null then 1 end) as bigint) as current_member_count
from {{ ref('household_members') }}
group by household_id
