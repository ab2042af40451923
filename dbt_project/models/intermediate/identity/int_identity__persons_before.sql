-- Grain: one row per past cutoff and person known then.
{% call touched() %}
    {{ touched_cutoffs() }}
{% endcall %}
select distinct
    cutoff_at,
    person_id,
    anchor_identifier_key,
    is_known
from {{ ref('int_identity__clusters_at_cutoff') }}
