-- Grain: one row per current version of an identifier of a record; cutoff_at = as_of.
select
    {{ as_of() }} as cutoff_at,
    observations.*
from {{ ref('int_identity__observations') }} as observations
where observations.superseded_at is null
