-- Prevents: features without persons, because a part of the models was built without the rest.
{{ config(meta={'dagster': {'ref': {'name': 'int_identity__set_persons_before'}}}) }}
select distinct cutoffs.cutoff_at
from {{ ref('int_features__cutoffs') }} as cutoffs
inner join {{ ref('int_identity__set_sightings') }} as sightings
    on cutoffs.cutoff_at >= sightings.known_from
left join {{ ref('int_identity__set_persons_before') }} as resolved
    on cutoffs.cutoff_at = resolved.cutoff_at
where cutoffs.cutoff_number > 0 and resolved.cutoff_at is null
