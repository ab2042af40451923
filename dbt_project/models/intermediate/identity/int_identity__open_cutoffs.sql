-- Grain: one row per past cutoff that has to be resolved: it is new, or a file that was known
-- before it changed. What was known at a past cutoff changes for no other reason, so on most days
-- there is none, and the models that end in _at_cutoff have nothing to do.
{%- set resolved = ['int_identity__set_persons_before', 'int_identity__persons_before'] %}
select
    cutoffs.cutoff_at,
    cutoffs.cutoff_number
from {{ ref('int_features__cutoffs') }} as cutoffs
where
    cutoffs.cutoff_number > 0
    and (
        false
        {%- for name in resolved %}
            or {{ is_open_for(name, 'cutoffs.cutoff_at') }}
        {%- endfor %}
    )
-- depends on its log: {{ ref('int_features__known_cutoffs') }}
