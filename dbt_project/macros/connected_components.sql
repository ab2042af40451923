{# Materialization: the connected components of a graph, with a spanning forest.

   The model's SELECT gives edges: edge_number (bigint, unique), vertex_a, vertex_b (bigint). The table
   has one row per vertex that has an edge (a pair of a vertex with itself is no edge):
       vertex_id     bigint
       component_id  bigint, smallest vertex id of its component
       edge_number   bigint, the edge by which the vertex was hooked; null for the smallest vertex of a
                     component. All edge numbers together are a spanning forest.

   Method, one SQL text for every engine: contraction with pointer jumping (identity.md, step 4).
   Every vertex that has a smaller neighbour hooks to the smallest one; a vertex that has none is a root
   of this round. So there are no cycles. Parents are followed to the root (a vertex that has reached it
   is not looked at again), edges are rewritten to roots and de-duplicated, and it starts again until no
   edge is left. Two rounds at least halve the vertices that have an edge: a root has a neighbour h; if h
   hooked to something smaller, the root has a smaller neighbour in the next round and hooks itself; if
   not, h hooked to this very root, and there are no more such roots than there are vertices that hooked.
   So 128 rounds are enough for any graph; not reaching the fixed point is an error, never a silent split.

   Every step is a real table of its own: a chain of lazy views would compute the first step again in
   every later one. What differs between the engines is how a step is stored (contraction_table) and
   how the result becomes the model's table (the two materializations). #}

{# A trap of DuckDB: inside one transaction there are no statistics for the new tables and joins are
   planned as nested loops, so every statement commits by itself. #}
{% materialization connected_components, adapter='duckdb', supported_languages=['sql'] %}
    {% if config.get('replaces') %} {% do return(duckdb__components_by_increment()) %} {% endif %}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set intermediate_relation = make_intermediate_relation(target_relation) -%}
    {%- set backup_type = 'table' if existing_relation is none else existing_relation.type -%}
    {%- set backup_relation = make_backup_relation(target_relation, backup_type) -%}
    {{ drop_relation_if_exists(load_cached_relation(intermediate_relation)) }}
    {{ drop_relation_if_exists(load_cached_relation(backup_relation)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {# a drop above has opened a transaction, and the rounds must not run inside one #}
    {{ adapter.commit() }}

    {% set result_table = contract_graph('contraction_' ~ this.identifier, compiled_code) %}

    {% call statement('main') -%}
        {{ create_table_as(False, intermediate_relation, component_rows(result_table)) }}
    {%- endcall %}
    {% if existing_relation is not none %}
        {% do adapter.rename_relation(existing_relation, backup_relation) %}
    {% endif %}
    {% do adapter.rename_relation(intermediate_relation, target_relation) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_relation, model) %}
    {{ adapter.commit() }}
    {{ drop_relation_if_exists(backup_relation) }}
    {% do run_and_commit('drop table ' ~ result_table) %}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# With `replaces: component_id`: in an increment (increment.sql), the model's edges are those of touched
   components, and only these are resolved again. #}
{% macro duckdb__components_by_increment() -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set parts = duckdb__touched_parts() -%}
    {%- set scratch = 'contraction_' ~ this.identifier -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {% if parts | length == 1 %}
        {% set result_table = contract_graph(scratch, compiled_code) %}
        {% do duckdb__build_in_full(target_relation, component_rows(result_table)) %}
    {% else %}
        {%- set result = 'result__' ~ this.identifier -%}
        {% do duckdb__store_touched('component_id', parts[1]) %}
        {% set result_table = contract_graph(scratch, parts[0] ~ parts[2]) %}
        {% do duckdb__run_and_commit(
            'create or replace temporary table ' ~ result ~ ' as ' ~ component_rows(result_table)) %}
        {% do duckdb__replace_touched(target_relation, 'component_id', result) %}
    {% endif %}
    {% do run_and_commit('drop table ' ~ result_table) %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {% do return({'relations': [target_relation]}) %}
{%- endmacro %}

{# Spark has no temporary tables, so the steps lie in the model's schema while it runs. #}
{% materialization connected_components, adapter='spark', supported_languages=['sql'] %}
    {{ run_hooks(pre_hooks) }}
    {% set scratch = this.schema ~ '.contraction_' ~ this.identifier %}
    {% set result_table = contract_graph(scratch, compiled_code) %}
    {% do return(spark__keep_scratch_table(result_table, component_rows(result_table))) %}
{% endmaterialization %}

{# The end of a materialization on Spark: rows of a scratch table become the model's, and it goes. #}
{% macro spark__keep_scratch_table(scratch_table, rows) -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {% if existing_relation is not none %}
        {% do adapter.drop_relation(existing_relation) %}
    {% endif %}
    {% call statement('main') -%}
        {{ create_table_as(False, target_relation, rows) }}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {% do persist_docs(target_relation, model) %}
    {% do run_and_commit('drop table ' ~ scratch_table) %}
    {% do return({'relations': [target_relation]}) %}
{%- endmacro %}

{# All vertices that hooked, and the roots, which did not. #}
{% macro component_rows(result_table) -%}
    select vertex_id, component_id, edge_number from {{ result_table }}
    union all
    select distinct component_id, component_id, cast(null as bigint) from {{ result_table }}
{%- endmacro %}

{# One statement; on DuckDB in a transaction of its own. #}
{% macro run_and_commit(sql) -%} {{ adapter.dispatch('run_and_commit')(sql) }} {%- endmacro %}
{% macro default__run_and_commit(sql) -%}
    {% call statement('step', fetch_result=False) -%} {{ sql }} {%- endcall %}
{%- endmacro %}
{% macro duckdb__run_and_commit(sql) -%}
    {% call statement('step', fetch_result=False, auto_begin=False) -%} {{ sql }} {%- endcall %}
{%- endmacro %}

{# Stores the rows of a query as a scratch table, in place of one that a killed run left. #}
{% macro contraction_table(name, query) -%}
    {{ adapter.dispatch('contraction_table')(name, query) }}
{%- endmacro %}
{% macro default__contraction_table(name, query) -%}
    {% do run_and_commit('create or replace temporary table ' ~ name ~ ' as ' ~ query) %}
{%- endmacro %}
{% macro spark__contraction_table(name, query) -%}
    {% do run_and_commit('drop table if exists ' ~ name) %}
    {% do run_and_commit(
        'create table ' ~ name ~ ' ' ~ file_format_clause() ~ ' as ' ~ query) %}
{%- endmacro %}

{# First value of a one-row query. #}
{% macro single_value(sql) -%} {% do return(run_query(sql).columns[0].values()[0]) %} {%- endmacro %}

{# Runs the rounds in tables that are named after `scratch`; returns the one that holds the result. #}
{% macro contract_graph(scratch, edges_sql) -%}
    {% set rounds = [] %}
    {% set left = namespace(table=scratch ~ '_edges_0') %}
    {% set left.edges = distinct_pairs(left.table, "
        select
            cast(vertex_a as bigint) as vertex_a,
            cast(vertex_b as bigint) as vertex_b,
            cast(edge_number as bigint) as edge_number
        from (" ~ edges_sql ~ ") as model_edges
        where vertex_a is not null and vertex_b is not null"
    ) %}
    {% for round in range(128) %}
        {% if left.edges > 0 %}
            {% set parents = scratch ~ '_parents_' ~ loop.index %}
            {% set edges = scratch ~ '_edges_' ~ loop.index %}
            {% do hook_to_smallest_neighbour(left.table, parents) %}
            {% do rounds.append(follow_to_roots(parents)) %}
            {% set left.edges = distinct_pairs(edges, edges_of_roots(left.table, parents)) %}
            {% do run_and_commit('drop table ' ~ left.table) %}
            {% set left.table = edges %}
        {% endif %}
    {% endfor %}
    {% if left.edges > 0 %}
        {% do exceptions.raise_compiler_error(
            'connected components in ' ~ scratch ~ ': ' ~ left.edges ~ ' edges left after '
            ~ rounds | length ~ ' rounds; the result would split persons, so there is none'
        ) %}
    {% endif %}
    {% do run_and_commit('drop table ' ~ left.table) %}
    {% do return(compose_rounds(scratch, rounds)) %}
{%- endmacro %}

{# Stores the edges between two vertices, a pair one row, smaller one first, so the forest is the same
   everywhere. Returns how many there are. (The condition names both sides of every join at once: as a
   plain inequality DuckDB would take it into the join.) #}
{% macro distinct_pairs(edges, pairs_sql) -%}
    {% do contraction_table(edges, "
        select
            least(vertex_a, vertex_b) as vertex_a,
            greatest(vertex_a, vertex_b) as vertex_b,
            min(edge_number) as edge_number
        from (" ~ pairs_sql ~ ") as pairs
        where least(vertex_a, vertex_b) <> greatest(vertex_a, vertex_b)
        group by 1, 2"
    ) %}
    {% do return(single_value('select count(*) from ' ~ edges)) %}
{%- endmacro %}

{% macro hook_to_smallest_neighbour(edges, parents) -%}
    {% do contraction_table(parents ~ '_0', "
        select
            vertex_b as vertex,
            min(vertex_a) as parent,
            min_by(edge_number, vertex_a) as edge_number,
            true as is_moving
        from " ~ edges ~ "
        group by vertex_b"
    ) %}
{%- endmacro %}

{# Follows the parents of `<parents>_0` until every one is a root, a vertex without a parent; returns
   the table `parents`. Those that arrived are left where they are: each jump reads and writes only who
   is still on the way. #}
{% macro follow_to_roots(parents) -%}
    {% set known = [] %}
    {% set way = namespace(table=parents ~ '_0', moving=1) %}
    {% for jump in range(64) %}
        {% if way.moving > 0 %}
        {% set next_table = parents ~ '_' ~ loop.index %}
        {% do contraction_table(next_table, "
            select
                child.vertex,
                coalesce(parent.parent, child.parent) as parent,
                child.edge_number,
                parent.parent is not null as is_moving
            from (select * from " ~ way.table ~ " where is_moving) as child
            left join (
                select vertex, parent from " ~ way.table ~ " where is_moving
                " ~ arrived(known, 'vertex, parent') ~ "
            ) as parent on parent.vertex = child.parent"
        ) %}
        {% do known.append(next_table) %}
        {% set way.table = next_table %}
        {% set way.moving = single_value(
            'select count(*) from ' ~ next_table ~ ' where is_moving') %}
        {% endif %}
    {% endfor %}
    {% if way.moving > 0 %}
        {% do exceptions.raise_compiler_error(
            'connected components: parents still move after 64 jumps of ' ~ parents) %}
    {% endif %}
    {% do contraction_table(parents, "
        select vertex, parent, edge_number from " ~ way.table ~ " where not is_moving
        " ~ arrived(known[:-1], 'vertex, parent, edge_number')
    ) %}
    {% for table in [parents ~ '_0'] + known %}
        {% do run_and_commit('drop table ' ~ table) %}
    {% endfor %}
    {% do return(parents) %}
{%- endmacro %}

{% macro arrived(tables, columns) -%}
    {% for table in tables %}
    union all
    select {{ columns }} from {{ table }} where not is_moving
    {% endfor %}
{%- endmacro %}

{% macro edges_of_roots(edges, parents) -%}
    select
        coalesce(parent_a.parent, edges.vertex_a) as vertex_a,
        coalesce(parent_b.parent, edges.vertex_b) as vertex_b,
        edges.edge_number
    from {{ edges }} as edges
    left join {{ parents }} as parent_a on parent_a.vertex = edges.vertex_a
    left join {{ parents }} as parent_b on parent_b.vertex = edges.vertex_b
{%- endmacro %}

{# Vertices to the roots of the last round, from the last round back. A vertex hooks in exactly one
   round, or never: then it is the root of its component. #}
{% macro compose_rounds(scratch, rounds) -%}
    {% set result = namespace(table=scratch ~ '_roots_0') %}
    {% do contraction_table(result.table, "
        select
            cast(null as bigint) as vertex_id,
            cast(null as bigint) as component_id,
            cast(null as bigint) as edge_number
        where 1 = 0"
    ) %}
    {% for parents in rounds | reverse %}
        {% set composed = scratch ~ '_roots_' ~ loop.index %}
        {% do contraction_table(composed, "
            select
                parents.vertex as vertex_id,
                coalesce(roots.component_id, parents.parent) as component_id,
                parents.edge_number
            from " ~ parents ~ " as parents
            left join " ~ result.table ~ " as roots on roots.vertex_id = parents.parent
            union all
            select vertex_id, component_id, edge_number from " ~ result.table
        ) %}
        {% do run_and_commit('drop table ' ~ result.table) %}
        {% do run_and_commit('drop table ' ~ parents) %}
        {% set result.table = composed %}
    {% endfor %}
    {% do return(result.table) %}
{%- endmacro %}
