-- Grain: one row per (number_a, number_b): the edges that link; known now.
-- What the steps after this one read: most new evidence changes no link.
{% call touched() %}
    select number_b from {{ changes(ref('int_identity__edges')) }}
{% endcall %}
select
    links.edge_number,
    links.number_a,
    links.number_b,
    links.scope_a,
    links.scope_b
from {{ identity_links(ref('int_identity__edges')) }} as links
where {{ is_touched('links.number_b') }}
