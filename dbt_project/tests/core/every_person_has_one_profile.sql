-- The accident: a profile table that began from buyers had no row for visitors, and audiences of
-- "all who never bought" were empty. So: persons and profiles are the same set.
{{ config(meta={'dagster': {'ref': {'name': 'dim_profiles'}}}) }}
select
    persons.person_id,
    profiles.person_id as profile_id
from {{ ref('persons') }} as persons
full outer join {{ ref('dim_profiles') }} as profiles
    on persons.person_id = profiles.person_id
where
    persons.person_id is null
    or profiles.person_id is null
