-- Grain: one row per feature cutoff before as_of and version of an identifier known then.
select
    cutoffs.cutoff_at,
    observations.*
from {{ ref('int_identity__observations') }} as observations
inner join {{ ref('int_features__cutoffs') }} as cutoffs
    on cutoffs.cutoff_number > 0
        and observations.loaded_at < cutoffs.cutoff_at
        and (
            observations.superseded_at is null
            or observations.superseded_at >= cutoffs.cutoff_at
        )
