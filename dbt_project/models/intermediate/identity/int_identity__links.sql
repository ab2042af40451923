-- Grain: one row per (number_a, number_b): the edges that link; known now.
-- What the steps after this one read: most new evidence changes no link.
{% call touched() %}
    select number_b from {{ changes(ref('int_identity__edges')) }}
{% endcall %}
select
    edge_number,
    number_a,
    number_b,
    scope_a,
    scope_b
from {{ ref('int_identity__edges') }}
where status in ('kept', 'manual') {{ and_touched('number_b') }}
