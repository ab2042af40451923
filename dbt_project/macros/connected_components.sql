{# Materialization: the connected components of a graph, with a spanning forest.

   The model's SELECT gives edges: edge_number (bigint, unique), vertex_a, vertex_b (bigint). The table
   has one row per vertex that has an edge (a pair of a vertex with itself is no edge):
       vertex_id     bigint
       component_id  bigint, smallest vertex id of its component
       edge_number   bigint, the edge by which the vertex was hooked; null for the smallest vertex of a
                     component. All edge numbers together are a spanning forest.

   Method, one SQL text for every engine: contraction with pointer jumping (identity.md, step 4).
   Every vertex hooks to its smallest neighbour; of two vertices that hook to each other the smaller
   one is the root. (A longer cycle cannot be: its smallest vertex m is the smallest neighbour of
   whoever it hooks to.) The parent table is squared to its fixed point, edges are rewritten to roots
   and de-duplicated, and it starts again until no edge is left. Each round at least halves the
   vertices that have an edge, so 64 rounds are enough for any graph; not reaching the fixed point is
   an error, never a silent split.

   Every step is a real table of its own: a chain of lazy views would compute the first step again in
   every later one. What differs between the engines is how a step is stored (contraction_table) and
   how the result becomes the model's table (the two materializations). #}

{# Two traps of DuckDB: inside one transaction there are no statistics for the new tables and joins are
   planned as nested loops, so every statement commits by itself; and a join must not be filtered by an
   inequality between its two sides, so self pairs leave in a statement of their own. #}
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

{% macro component_rows(result_table) -%}
    select vertex_id, component_id, edge_number from {{ result_table }}
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
    {% set edges = scratch ~ '_edges' %}
    {% set pairs = scratch ~ '_pairs' %}
    {% set rounds = [] %}
    {% do contraction_table(pairs, "
        select
            cast(least(vertex_a, vertex_b) as bigint) as vertex_a,
            cast(greatest(vertex_a, vertex_b) as bigint) as vertex_b,
            min(cast(edge_number as bigint)) as edge_number
        from (" ~ edges_sql ~ ") as model_edges
        where vertex_a is not null and vertex_b is not null
        group by 1, 2"
    ) %}
    {% set left = namespace(edges=drop_self_pairs(pairs, edges)) %}
    {% for round in range(64) %}
        {% if left.edges > 0 %}
            {% set hooks = scratch ~ '_hooks_' ~ loop.index %}
            {% do hook_to_smallest_neighbour(edges, hooks) %}
            {% set parents = square_parents(hooks) %}
            {% do rounds.append(parents) %}
            {% do rewrite_edges_to_roots(edges, parents, pairs) %}
            {% set left.edges = drop_self_pairs(pairs, edges) %}
        {% endif %}
    {% endfor %}
    {% if left.edges > 0 %}
        {% do exceptions.raise_compiler_error(
            'connected components in ' ~ scratch ~ ': ' ~ left.edges ~ ' edges left after '
            ~ rounds | length ~ ' rounds; the result would split persons, so there is none'
        ) %}
    {% endif %}
    {% do run_and_commit('drop table ' ~ edges) %}
    {% do run_and_commit('drop table ' ~ pairs) %}
    {% do return(compose_rounds(scratch, rounds)) %}
{%- endmacro %}

{# Returns how many edges are left. #}
{% macro drop_self_pairs(pairs, edges) -%}
    {% do contraction_table(edges, "
        select vertex_a, vertex_b, edge_number from " ~ pairs ~ " where vertex_a <> vertex_b"
    ) %}
    {% do return(single_value('select count(*) from ' ~ edges)) %}
{%- endmacro %}

{# A pair of vertices is one row, so a neighbour has one edge and the forest is the same everywhere. #}
{% macro hook_to_smallest_neighbour(edges, hooks) -%}
    {% do contraction_table(hooks, "
        select
            vertex,
            min(neighbour) as parent,
            min_by(edge_number, neighbour) as edge_number
        from (
            select vertex_a as vertex, vertex_b as neighbour, edge_number from " ~ edges ~ "
            union all
            select vertex_b as vertex, vertex_a as neighbour, edge_number from " ~ edges ~ "
        ) as directed
        group by vertex"
    ) %}
{%- endmacro %}

{# Breaks the pairs that hook to each other, then squares the parent table until nothing moves;
   returns its name. Takes the hooks away. #}
{% macro square_parents(hooks) -%}
    {% set squared = namespace(table=hooks ~ '_parents_0', moving=1) %}
    {% do contraction_table(squared.table, "
        select
            child.vertex,
            case when parent.parent = child.vertex and child.vertex < child.parent
                then child.vertex else child.parent end as parent,
            case when parent.parent = child.vertex and child.vertex < child.parent
                then null else child.edge_number end as edge_number
        from " ~ hooks ~ " as child
        inner join " ~ hooks ~ " as parent on parent.vertex = child.parent"
    ) %}
    {% do run_and_commit('drop table ' ~ hooks) %}
    {% for jump in range(64) %}
        {% if squared.moving > 0 %}
        {% set next_parents = hooks ~ '_parents_' ~ loop.index %}
        {% do contraction_table(next_parents, "
            select
                child.vertex,
                parent.parent,
                child.edge_number,
                parent.parent <> child.parent as has_moved
            from " ~ squared.table ~ " as child
            inner join " ~ squared.table ~ " as parent on parent.vertex = child.parent"
        ) %}
        {% do run_and_commit('drop table ' ~ squared.table) %}
        {% set squared.table = next_parents %}
        {% set squared.moving = single_value(
            'select count(*) from ' ~ next_parents ~ ' where has_moved') %}
        {% endif %}
    {% endfor %}
    {% if squared.moving > 0 %}
        {% do exceptions.raise_compiler_error(
            'connected components: parents still move after 64 squarings of ' ~ squared.table) %}
    {% endif %}
    {% do return(squared.table) %}
{%- endmacro %}

{% macro rewrite_edges_to_roots(edges, parents, pairs) -%}
    {% do contraction_table(pairs, "
        select
            least(parent_a.parent, parent_b.parent) as vertex_a,
            greatest(parent_a.parent, parent_b.parent) as vertex_b,
            min(edges.edge_number) as edge_number
        from " ~ edges ~ " as edges
        inner join " ~ parents ~ " as parent_a on parent_a.vertex = edges.vertex_a
        inner join " ~ parents ~ " as parent_b on parent_b.vertex = edges.vertex_b
        group by 1, 2"
    ) %}
{%- endmacro %}

{# Vertices of the first round to roots of the last one, from the last round back. A vertex hooks in
   exactly one round or never, so its edge is the one of the only round that gave it one. #}
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
                coalesce(parents.edge_number, own.edge_number) as edge_number
            from " ~ parents ~ " as parents
            left join " ~ result.table ~ " as roots on roots.vertex_id = parents.parent
            left join " ~ result.table ~ " as own on own.vertex_id = parents.vertex"
        ) %}
        {% do run_and_commit('drop table ' ~ result.table) %}
        {% do run_and_commit('drop table ' ~ parents) %}
        {% set result.table = composed %}
    {% endfor %}
    {% do return(result.table) %}
{%- endmacro %}
