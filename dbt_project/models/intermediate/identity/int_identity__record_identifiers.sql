-- Grain: one row per source record and identifier that it says now, in its current version.
select
    records.record_key,
    identifier_keys.identifier_key,
    identifier_keys.identifier_type,
    identifier_keys.is_valid
from {{ ref('int_identity__records') }} as records
inner join {{ ref('int_identity__set_members') }} as members
    on records.set_key = members.set_key
inner join {{ ref('int_identity__keys') }} as identifier_keys
    on members.identifier_number = identifier_keys.identifier_number
where members.superseded_at is null
