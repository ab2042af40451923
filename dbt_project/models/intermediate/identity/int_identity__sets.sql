-- Grain: one row per identifier set that is known now.
{% call touched() %}
    select set_key from {{ changes(ref('int_identity__records')) }}
{% endcall %}
select
    set_key,
    min(source) as source,
    min(record_key) as record_key,
    min(case when is_simple then 1 else 0 end) = 1 as is_simple,
    min(observed_at) as observed_at,
    max(last_observed_at) as last_observed_at,
    min(loaded_at) as loaded_at,
    count(*) as record_count
from ({{ touched_rows(ref('int_identity__records')) }}) as records
group by set_key
