-- Grain: one row per past cutoff that has to be resolved: it is new, or a file brought something
-- that was known then. What was known at a past cutoff changes for no other reason, so on most days
-- there is none, and the models that end in _at_cutoff have nothing to do.
-- Sets are named by what is known today, so whoever builds a past cutoff needs them resolved anew,
-- also when a run that had resolved them stopped before it.
{%- set readers = [
    'int_identity__set_persons_before', 'int_identity__persons_before',
    'int_features__touch_windows', 'int_features__visit_summary', 'int_features__known_orders',
    'int_features__feedback_summary',
] %}
select
    cutoffs.cutoff_at,
    cutoffs.cutoff_number
from {{ ref('int_features__cutoffs') }} as cutoffs
where
    cutoffs.cutoff_number > 0
    and (
        false
        {%- for reader in readers %}
            or {{ is_open_for(reader, 'cutoffs.cutoff_at') }}
        {%- endfor %}
    )
-- depends on its log: {{ ref('int_features__known_cutoffs') }}
