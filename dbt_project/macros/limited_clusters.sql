{# Materialization: clusters within components, so that none breaks a limit (identity.md, step 5).

   The model's SELECT gives the edges of the components that break one: edge_number (bigint), edge_order
   (bigint, unique, the best edge is smallest), vertex_a, vertex_b (bigint). A call of
   `limits` in the model gives vertex_id, limit_name, max_count, held_count: so many of one name may share
   a cluster, and so many has the vertex (one, unless it stands for a cluster of its own). A vertex may
   have several limits, or none. The table has one row per vertex of an edge:
       vertex_id     bigint
       cluster_id    bigint, smallest vertex id of its cluster
       edge_number   bigint, the edge that took the vertex's cluster into a larger one; null for the
                     smallest vertex of a cluster. All of them together are a spanning forest.

   The result is that of taking the edges one by one in their order, and leaving out those that would
   break a limit. It is reached in rounds, in parallel: an edge that is the best one of both of its
   clusters is decided, because whatever comes later in the order cannot change what they hold. What
   breaks a limit once breaks it for ever, as clusters only grow, so all edges between the two leave.
   Vertices without a limit that have one edge wait outside and follow their neighbour at the end: they
   change no limit, and a large star would need a round for each of them.

   `diffed` on vertex_id where it is built again (increment_materialization.sql). #}

{# What is counted, as a comment that travels to the materialization. #}
{% macro limits() -%}
    {%- if execute -%} /*limits:{{ caller() }}:limits*/ {%- else -%} {%- do caller() -%} {%- endif -%}
{%- endmacro %}

{% materialization limited_clusters, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {% set result_table = cluster_within_limits('limited_' ~ this.identifier) %}
    {% do duckdb__store_differences(target_relation, limited_rows(result_table)) %}
    {% do run_and_commit('drop table ' ~ result_table) %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% materialization limited_clusters, adapter='spark', supported_languages=['sql'] %}
    {{ run_hooks(pre_hooks) }}
    {% set result_table = cluster_within_limits(this.schema ~ '.limited_' ~ this.identifier) %}
    {% do return(spark__keep_scratch_table(result_table, limited_rows(result_table))) %}
{% endmaterialization %}

{% macro limited_rows(result_table) -%}
    select vertex_id, cluster_id, edge_number from {{ result_table }}
{%- endmacro %}

{# More rounds than any real graph needs: a component of so many limited identifiers is a fault of the
   data or of the limits. #}
{% macro limit_rounds() -%} {%- do return(5000) -%} {%- endmacro %}

{# Runs the rounds in tables that are named after `scratch`; returns the one that holds the result. #}
{% macro cluster_within_limits(scratch) -%}
    {% set parts = modules.re.split('/\\*limits:|:limits\\*/', compiled_code) %}
    {% set all_edges = scratch ~ '_all_edges' %}
    {% set leaves = scratch ~ '_leaves' %}
    {% do contraction_table(all_edges, "
        select
            cast(edge_number as bigint) as edge_number,
            cast(edge_order as bigint) as edge_order,
            cast(least(vertex_a, vertex_b) as bigint) as cluster_a,
            cast(greatest(vertex_a, vertex_b) as bigint) as cluster_b
        from (" ~ parts[0] ~ parts[2] ~ ") as model_edges
        where vertex_a <> vertex_b"
    ) %}
    {% do contraction_table(scratch ~ '_ends', "
        select cluster_a as vertex_id, cluster_b as neighbour, edge_number, edge_order from " ~ all_edges ~ "
        union all
        select cluster_b as vertex_id, cluster_a as neighbour, edge_number, edge_order from " ~ all_edges
    ) %}
    {% do contraction_table(scratch ~ '_limits', "
        select distinct limits.vertex_id, limits.limit_name, limits.max_count, limits.held_count
        from (" ~ parts[1] ~ ") as limits
        inner join " ~ scratch ~ "_ends as ends on ends.vertex_id = limits.vertex_id"
    ) %}
    {# leaves: one neighbour, no limit; of two that have only one another the greater one #}
    {% do contraction_table(leaves ~ '_candidates', "
        select
            ends.vertex_id, min(ends.neighbour) as neighbour, min(ends.edge_number) as edge_number,
            min(ends.edge_order) as edge_order
        from " ~ scratch ~ "_ends as ends
        left join " ~ scratch ~ "_limits as limits on limits.vertex_id = ends.vertex_id
        where limits.vertex_id is null
        group by ends.vertex_id
        having count(*) = 1"
    ) %}
    {% do contraction_table(leaves, "
        select
            candidates.vertex_id, candidates.neighbour, candidates.edge_number, candidates.edge_order
        from " ~ leaves ~ "_candidates as candidates
        left join " ~ leaves ~ "_candidates as others on others.vertex_id = candidates.neighbour
        where others.vertex_id is null or candidates.vertex_id > candidates.neighbour"
    ) %}
    {% do contraction_table(scratch ~ '_edges_0', "
        select edges.* from " ~ all_edges ~ " as edges
        left join " ~ leaves ~ " as leaves on leaves.edge_order = edges.edge_order
        where leaves.edge_order is null"
    ) %}
    {% do contraction_table(scratch ~ '_members_0', "
        select distinct
            ends.vertex_id, ends.vertex_id as cluster_id, cast(null as bigint) as edge_number
        from " ~ scratch ~ "_ends as ends
        left join " ~ leaves ~ " as leaves on leaves.vertex_id = ends.vertex_id
        where leaves.vertex_id is null"
    ) %}
    {% do contraction_table(scratch ~ '_held_0', "
        select vertex_id as cluster_id, limit_name, max(max_count) as max_count, sum(held_count) as held_count
        from " ~ scratch ~ "_limits
        group by vertex_id, limit_name"
    ) %}
    {% set left = namespace(
        edges=single_value('select count(*) from ' ~ scratch ~ '_edges_0'), round=0) %}
    {% for round in range(limit_rounds()) %}
        {% if left.edges > 0 %}
            {% do decide_best_edges(scratch, round) %}
            {% set left.round = round + 1 %}
            {% set left.edges = single_value('select count(*) from ' ~ scratch ~ '_edges_' ~ left.round) %}
        {% endif %}
    {% endfor %}
    {% if left.edges > 0 %}
        {% do exceptions.raise_compiler_error(
            'limits in ' ~ scratch ~ ': ' ~ left.edges ~ ' edges left after ' ~ limit_rounds()
            ~ ' rounds; look at identity.edges of the largest person, and at max_per_person'
        ) %}
    {% endif %}
    {% do contraction_table(scratch ~ '_result', "
        select vertex_id, cluster_id, edge_number from (
            select vertex_id, cluster_id, edge_number from " ~ scratch ~ "_members_" ~ left.round ~ "
            union all
            select leaves.vertex_id, members.cluster_id, leaves.edge_number
            from " ~ leaves ~ " as leaves
            inner join " ~ scratch ~ "_members_" ~ left.round ~ " as members
                on members.vertex_id = leaves.neighbour
        ) as placed"
    ) %}
    {% do smallest_names_the_cluster(scratch) %}
    {% for name in ['_all_edges', '_ends', '_limits', '_leaves', '_leaves_candidates',
        '_edges_' ~ left.round, '_members_' ~ left.round, '_held_' ~ left.round, '_result'] %}
        {% do run_and_commit('drop table ' ~ scratch ~ name) %}
    {% endfor %}
    {% do return(scratch ~ '_named') %}
{%- endmacro %}

{# One round: edges that are the best of both of their clusters unite them, or leave. #}
{% macro decide_best_edges(scratch, round) -%}
    {% set edges = scratch ~ '_edges_' ~ round %}
    {% set members = scratch ~ '_members_' ~ round %}
    {% set held = scratch ~ '_held_' ~ round %}
    {% set decided = scratch ~ '_decided' %}
    {% do contraction_table(scratch ~ '_best', "
        select cluster_id, min(edge_order) as edge_order
        from (
            select cluster_a as cluster_id, edge_order from " ~ edges ~ "
            union all
            select cluster_b as cluster_id, edge_order from " ~ edges ~ "
        ) as ends
        group by cluster_id"
    ) %}
    {% do contraction_table(decided, "
        select
            edges.edge_number, edges.cluster_a, edges.cluster_b,
            max(case when held_a.held_count + held_b.held_count > held_a.max_count then 1 else 0 end)
            = 1 as is_refused
        from " ~ edges ~ " as edges
        inner join " ~ scratch ~ "_best as best_a
            on best_a.cluster_id = edges.cluster_a and best_a.edge_order = edges.edge_order
        inner join " ~ scratch ~ "_best as best_b
            on best_b.cluster_id = edges.cluster_b and best_b.edge_order = edges.edge_order
        left join " ~ held ~ " as held_a on held_a.cluster_id = edges.cluster_a
        left join " ~ held ~ " as held_b
            on held_b.cluster_id = edges.cluster_b and held_b.limit_name = held_a.limit_name
        group by edges.edge_number, edges.cluster_a, edges.cluster_b"
    ) %}
    {# cluster_a is always the smaller one, and a cluster is in one decided edge at most #}
    {% set united = '(select * from ' ~ decided ~ ' where not is_refused)' %}
    {% do contraction_table(scratch ~ '_members_' ~ (round + 1), "
        select
            members.vertex_id,
            coalesce(united.cluster_a, members.cluster_id) as cluster_id,
            coalesce(members.edge_number, own.edge_number) as edge_number
        from " ~ members ~ " as members
        left join " ~ united ~ " as united on united.cluster_b = members.cluster_id
        left join " ~ united ~ " as own on own.cluster_b = members.vertex_id"
    ) %}
    {% do contraction_table(scratch ~ '_held_' ~ (round + 1), "
        select
            coalesce(united.cluster_a, held.cluster_id) as cluster_id,
            held.limit_name,
            max(held.max_count) as max_count,
            sum(held.held_count) as held_count
        from " ~ held ~ " as held
        left join " ~ united ~ " as united on united.cluster_b = held.cluster_id
        group by coalesce(united.cluster_a, held.cluster_id), held.limit_name"
    ) %}
    {# of several edges between the same two clusters the best one is enough #}
    {% do contraction_table(scratch ~ '_edges_' ~ (round + 1), "
        select
            min_by(edge_number, edge_order) as edge_number,
            min(edge_order) as edge_order,
            cluster_a,
            cluster_b
        from (
            select
                edges.edge_number,
                edges.edge_order,
                least(
                    coalesce(united_a.cluster_a, edges.cluster_a),
                    coalesce(united_b.cluster_a, edges.cluster_b)) as cluster_a,
                greatest(
                    coalesce(united_a.cluster_a, edges.cluster_a),
                    coalesce(united_b.cluster_a, edges.cluster_b)) as cluster_b
            from " ~ edges ~ " as edges
            left join (select * from " ~ decided ~ " where is_refused) as refused
                on refused.cluster_a = edges.cluster_a and refused.cluster_b = edges.cluster_b
            left join " ~ united ~ " as united_a on united_a.cluster_b = edges.cluster_a
            left join " ~ united ~ " as united_b on united_b.cluster_b = edges.cluster_b
            where refused.edge_number is null
        ) as renamed
        where cluster_a <> cluster_b
        group by cluster_a, cluster_b"
    ) %}
    {% for name in [edges, members, held, decided, scratch ~ '_best'] %}
        {% do run_and_commit('drop table ' ~ name) %}
    {% endfor %}
{%- endmacro %}

{# A cluster is named by its smallest vertex, also where that waited outside; whoever gave the name so
   far takes over its edge. #}
{% macro smallest_names_the_cluster(scratch) -%}
    {% do contraction_table(scratch ~ '_named', "
        select
            placed.vertex_id,
            named.smallest as cluster_id,
            case
                when placed.vertex_id = named.smallest then null
                when placed.vertex_id = placed.cluster_id then smallest.edge_number
                else placed.edge_number
            end as edge_number
        from " ~ scratch ~ "_result as placed
        inner join (
            select cluster_id, min(vertex_id) as smallest
            from " ~ scratch ~ "_result group by cluster_id
        ) as named on named.cluster_id = placed.cluster_id
        inner join " ~ scratch ~ "_result as smallest on smallest.vertex_id = named.smallest"
    ) %}
{%- endmacro %}
