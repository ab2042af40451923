-- Grain: one row per vertex that has an edge within its scope; known now.
{%- set linked %}
(
    select number_a as vertex_id from {{ changes(ref('int_identity__links')) }}
    union
    select number_b as vertex_id from {{ changes(ref('int_identity__links')) }}
)
{%- endset %}
{% call touched() %}
    select
        {% if is_increment() %} coalesce(components.component_id, linked.vertex_id)
        {% else %} linked.vertex_id {% endif %} as component_id
    from {{ linked }} as linked
    {% if is_increment() %}
    left join {{ this }} as components on linked.vertex_id = components.vertex_id
    {% endif %}
{% endcall %}
select
    edge_number,
    number_a as vertex_a,
    number_b as vertex_b
from {{ ref('int_identity__links') }}
where
    scope_a = scope_b
{% if is_increment() %}
    -- an edge never leaves its component, so one end tells
    and number_b in (
        select vertex_id from {{ this }} where component_id in {{ touched_values() }}
        union
        select vertex_id from {{ linked }} as linked
    )
{% endif %}
