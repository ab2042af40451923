-- Grain: one row per (source, record_id) that has identifiers: to look a record up by its own name.
select distinct
    source,
    record_id,
    record_key
from {{ ref('int_contracts__identifiers') }}
where loaded_at < {{ as_of() }}
