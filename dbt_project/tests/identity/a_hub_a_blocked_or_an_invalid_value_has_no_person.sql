-- Prevents: a kiosk or a placeholder address that stands in identity as somebody's identifier.
select
    identifiers.identifier_key,
    identifiers.status
from {{ ref('int_identity__identifiers') }} as identifiers
where identifiers.status <> 'linking' and identifiers.person_id is not null
    or identifiers.status = 'linking' and identifiers.person_id is null
