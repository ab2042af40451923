-- Prevents: features without persons, because a part of the models was built without the rest.
{{ config(meta={'dagster': {'ref': {'name': 'int_identity__set_persons_before'}}}) }}
with

resolved as (

    select distinct cutoff_at from {{ ref('int_identity__set_persons_before') }}

),

sighted as (

    select min(loaded_at) as loaded_at from {{ ref('int_identity__sets') }}

)

select cutoffs.cutoff_at
from {{ ref('int_features__cutoffs') }} as cutoffs
inner join sighted
    on cutoffs.cutoff_at > sighted.loaded_at
left join resolved
    on cutoffs.cutoff_at = resolved.cutoff_at
where cutoffs.cutoff_number > 0 and resolved.cutoff_at is null
