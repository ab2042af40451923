{# The materializations behind increment.sql, and the tables that they keep in schema increments:

       states      one row per model: its version (one more with every build), the version of its
                   last full build, the rules and the as_of it was built with, what the last build
                   touched and wrote
       reads       one row per model and model that it follows: the version that it has read;
                   `landing` stands for the landing manifest (landing_number)
       <model>     its log: version, logged columns

   `increment` replaces the rows of touched values. `diffed` computes the whole table and replaces
   and logs the rows that differ (for middle-sized tables that large ones follow; `key` is unique).
   Everything that a build writes is one transaction, so a killed build leaves the former state. #}

{% materialization increment, adapter='duckdb', supported_languages=['sql'] %}
    {%- set wanted = config.require('replaces') -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set parts = duckdb__touched_parts() -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {% if parts | length == 1 %}
        {% do duckdb__build_in_full(target_relation) %}
    {% else %}
        {%- set result = 'result__' ~ this.identifier -%}
        {% do duckdb__store_touched(wanted, parts[1]) %}
        {% do duckdb__run_and_commit(
            'create or replace temporary table ' ~ result ~ ' as ' ~ parts[0] ~ parts[2]) %}
        {% do duckdb__replace_touched(target_relation, wanted, result) %}
    {% endif %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# The model's SQL before its touched block, the block, and the SQL after it; one part in a full build. #}
{% macro duckdb__touched_parts() -%}
    {%- do return(modules.re.split('/\\*touched:|:touched\\*/', compiled_code)) -%}
{%- endmacro %}

{# The touched values as a temporary table. Committed one by one: inside one transaction DuckDB plans
   without statistics. #}
{% macro duckdb__store_touched(wanted, query) -%}
    {% do duckdb__run_and_commit('create or replace temporary table touched__' ~ this.identifier ~ ' as
        select distinct ' ~ wanted ~ ' from (' ~ query ~ ') as touched_values
        where ' ~ wanted ~ ' is not null') %}
{%- endmacro %}

{# Rows of touched values become those of the table `result`. Most touched values turn out as they were:
   those are not written, and only rows that differ are logged (compares: false where nearly all differ,
   as features of a new as_of do). #}
{% macro duckdb__replace_touched(target_relation, wanted, result) -%}
    {%- set touched = 'touched__' ~ this.identifier -%}
    {%- set differing = 'differing__' ~ this.identifier -%}
    {% if config.get('compares', true) %}
        {% do duckdb__run_and_commit('create or replace temporary table ' ~ differing ~ ' as '
            ~ duckdb__differing_rows(target_relation, wanted, touched, result)) %}
        {% do duckdb__run_and_commit('delete from ' ~ result ~ ' where ' ~ wanted
            ~ ' not in (select ' ~ wanted ~ ' from ' ~ differing ~ ')') %}
        {% do duckdb__replace_rows(target_relation, wanted, differing, result, touched, differing) %}
        {% do duckdb__run_and_commit('drop table ' ~ differing) %}
    {% else %}
        {% do duckdb__replace_rows(target_relation, wanted, touched, result, touched) %}
    {% endif %}
    {% do duckdb__run_and_commit('drop table ' ~ touched) %}
    {% do duckdb__run_and_commit('drop table ' ~ result) %}
{%- endmacro %}

{% materialization diffed, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {% do duckdb__store_differences(target_relation, compiled_code) %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# The rows of a query become the table's; where it was built before under the same rules, only those
   that differ are written and logged. `also` are statements of the same transaction. #}
{% macro duckdb__store_differences(target_relation, sql, also=[]) -%}
    {%- set key = config.require('key') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set state = run_query("select 1 from increments.states
        where model = '" ~ this.identifier ~ "'").rows if existing_relation else [] -%}
    {% if state | length == 0 or should_full_refresh() %}
        {% do duckdb__build_in_full(target_relation, sql, also) %}
    {% else %}
        {%- set result = 'result__' ~ this.identifier -%}
        {%- set touched = 'touched__' ~ this.identifier -%}
        {% do duckdb__run_and_commit(
            'create or replace temporary table ' ~ result ~ ' as ' ~ sql) %}
        {%- set columns = run_query('select column_name, data_type from duckdb_columns()
            where table_name = ' ~ "'" ~ result ~ "'" ~ ' order by column_index') -%}
        {%- set former = run_query("select column_name, data_type from duckdb_columns()
            where schema_name = '" ~ this.schema ~ "' and table_name = '" ~ this.identifier ~ "'
                and database_name = current_database()
            order by column_index") -%}
        {% if columns.rows | map('list') | list != former.rows | map('list') | list %}
            {% do duckdb__build_in_full(target_relation, sql, also) %}
        {% else %}
            {% do duckdb__run_and_commit('create or replace temporary table ' ~ touched ~ ' as
                select coalesce(result.' ~ key ~ ', former.' ~ key ~ ') as ' ~ key ~ '
                from ' ~ result ~ ' as result
                full outer join ' ~ target_relation ~ ' as former
                    on result.' ~ key ~ ' = former.' ~ key ~ '
                where result.' ~ key ~ ' is null or former.' ~ key ~ ' is null'
                ~ duckdb__differences(columns.columns[0].values(), key)) %}
            {% do duckdb__run_and_commit('delete from ' ~ result ~ ' where ' ~ key
                ~ ' not in (select ' ~ key ~ ' from ' ~ touched ~ ')') %}
            {% do duckdb__replace_rows(target_relation, key, touched, result, also=also) %}
            {% do duckdb__run_and_commit('drop table ' ~ touched) %}
        {% endif %}
        {% do duckdb__run_and_commit('drop table ' ~ result) %}
    {% endif %}
{%- endmacro %}

{% macro duckdb__differences(columns, key) -%}
    {%- for column in columns if column != key %}
        or result.{{ column }} is distinct from former.{{ column }}
    {%- endfor -%}
{%- endmacro %}

{# Of touched values, the rows (what they are replaced by, and what is logged) that the table has and
   the result has not, or the other way round; rows are a bag. Counted in one group by: `except all`
   both ways numbers the rows of every group by windows, at four times the cost. #}
{% macro duckdb__differing_rows(target_relation, column, touched, result) -%}
    {%- set columns = adapter.get_columns_in_relation(target_relation)
        | map(attribute='quoted') | join(', ') -%}
    select distinct {{ ([column] + config.require('logs')) | unique | join(', ') }} from (
        select {{ columns }} from (
            select {{ columns }}, 1 as counted_rows from {{ target_relation }}
            where {{ column }} in (select {{ column }} from {{ touched }})
            union all
            select {{ columns }}, -1 as counted_rows from {{ result }}
        ) as former_and_present
        group by {{ columns }}
        having sum(counted_rows) <> 0
    ) as differences
{%- endmacro %}

{# The whole table anew; whoever follows the model has to be built in full too. #}
{% macro duckdb__build_in_full(target_relation, sql=compiled_code, also=[]) -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set intermediate_relation = make_intermediate_relation(target_relation) -%}
    {%- set backup_relation = make_backup_relation(
        target_relation, 'table' if existing_relation is none else existing_relation.type) -%}
    {{ drop_relation_if_exists(load_cached_relation(intermediate_relation)) }}
    {{ drop_relation_if_exists(load_cached_relation(backup_relation)) }}
    {%- set slices = duckdb__slices() -%}
    {%- set once = once_parts(sql) if slices | length > 1 else [] -%}
    {% for name, query in once %}
        {% do duckdb__run_and_commit(
            'create or replace temporary table ' ~ once_table(name) ~ ' as ' ~ query) %}
    {% endfor %}
    {% call statement('main') -%}
        {{ create_table_as(False, intermediate_relation, slice_of(sql, slices[0])) }}
    {%- endcall %}
    {% for slice in slices[1:] %}
        {% call statement('slice') -%}
            insert into {{ intermediate_relation }} by name {{ slice_of(sql, slice) }}
        {%- endcall %}
    {% endfor %}
    {% for name, query in once %} {% do duckdb__run_and_commit('drop table ' ~ once_table(name)) %} {% endfor %}
    {% if existing_relation is not none %}
        {% do adapter.rename_relation(existing_relation, backup_relation) %}
    {% endif %}
    {% do adapter.rename_relation(intermediate_relation, target_relation) %}
    {%- set logs = config.require('logs') | join(', ') -%}
    {% call statement('keep_log') -%}
        create or replace table increments.{{ this.identifier }} as
        select cast(null as bigint) as version, {{ logs }} from {{ target_relation }} where 1 = 0;
        {% for statement in also %} {{ statement }}; {% endfor %}
        {{ duckdb__keep_state('null', 'null', target_relation, is_full=true) }}
    {%- endcall %}
    {% do persist_docs(target_relation, model) %}
    {{ adapter.commit() }}
    {{ drop_relation_if_exists(backup_relation) }}
{%- endmacro %}

{# Rows of touched values out, rows of the result in; logged are both, or the rows of `logged`. #}
{% macro duckdb__replace_rows(
    target_relation, column, touched, result, counted=none, logged=none, also=[]
) -%}
    {%- set logs = config.require('logs') | join(', ') -%}
    {%- set log = 'increments.' ~ this.identifier -%}
    {%- set version -%}
        (select version + 1 from increments.states where model = '{{ this.identifier }}')
    {%- endset -%}
    {% call statement('main') -%}
        insert into {{ log }}
        {% if logged or logs == column %}
        select distinct {{ version }}, {{ logs }} from {{ logged or touched }};
        {% else %}
        select distinct {{ version }}, {{ logs }} from (
            select {{ logs }} from {{ target_relation }}
            where {{ column }} in (select {{ column }} from {{ touched }})
            union all
            select {{ logs }} from {{ result }}
        ) as logged;
        {% endif %}
        delete from {{ target_relation }}
        where {{ column }} in (select {{ column }} from {{ touched }});
        insert into {{ target_relation }} by name select * from {{ result }};
        {% for statement in also %} {{ statement }}; {% endfor %}
        {{ duckdb__keep_state(
            '(select count(*) from ' ~ (counted or touched) ~ ')', '(select count(*) from ' ~ result ~ ')',
            target_relation, is_full=false) }}
        delete from {{ log }} where version < {{ version }} - {{ increment_log_versions() }};
    {%- endcall %}
    {{ adapter.commit() }}
{%- endmacro %}

{# So many builds are kept in a log: a model left behind longer is built in full. #}
{% macro increment_log_versions() -%} 100 {%- endmacro %}

{# The model's own row of states and its rows of reads, after its rows were written. #}
{% macro duckdb__keep_state(touched_count, written_count, target_relation, is_full) -%}
    {%- set name = this.identifier -%}
    {%- set followed = modules.re.findall('increments\\.(\\w+)', compiled_code)
        | reject('in', ['states', 'reads']) | unique | list -%}
    insert or replace into increments.states
    select
        '{{ name }}', coalesce(states.version, 0) + 1,
        {% if is_full %} coalesce(states.version, 0) + 1 {% else %} states.full_version {% endif %},
        {{ increment_fingerprint() }}, settings.as_of, {{ touched_count }}, {{ written_count }}
    from ops.settings as settings
    left join increments.states as states on states.model = '{{ name }}';
    delete from increments.reads where model = '{{ name }}';
    insert into increments.reads
    select '{{ name }}', model, version from increments.states
    where model in ('{{ followed | join("', '") }}')
    union all
    select '{{ name }}', 'landing', coalesce(max(landing_number), 0) from ops.landing_files;
{%- endmacro %}

{# Before a run: the tables of the states. #}
{% macro ensure_increment_tables() -%}
    {%- if execute and target.type == 'duckdb' -%}
        create schema if not exists increments;
        create table if not exists increments.states (
            model varchar primary key, version bigint, full_version bigint, fingerprint varchar,
            as_of timestamp, touched_count bigint, written_count bigint
        );
        create table if not exists increments.reads (
            model varchar, followed varchar, version bigint
        );
    {%- endif -%}
{%- endmacro %}
