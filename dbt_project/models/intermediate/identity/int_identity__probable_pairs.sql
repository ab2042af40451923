-- Grain: one row per pair of contacts that the probabilistic pass takes for one person.
select
    least(keys_a.identifier_number, keys_b.identifier_number) as number_a,
    greatest(keys_a.identifier_number, keys_b.identifier_number) as number_b,
    links.score,
    links.known_from
from {{ source('ops', 'probabilistic_links') }} as links
inner join {{ ref('int_identity__keys') }} as keys_a
    on links.identifier_key_a = keys_a.identifier_key
inner join {{ ref('int_identity__keys') }} as keys_b
    on links.identifier_key_b = keys_b.identifier_key
