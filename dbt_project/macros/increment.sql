{# Increments: what is touched by new data is computed again, nothing else, and the table equals a
   full build. This file is what a model says; materializations are in increment_materialization.sql.

       {{ config(materialized='increment', replaces='record_key', logs=['record_key', 'person_id']) }}
       {% call touched() %}
           select record_key from {{ changes(ref('int_contracts__orders')) }}
       {% endcall %}
       with orders as ({{ touched_rows(ref('int_contracts__orders'), 'record_key') }}) ...

   replaces  column of the table: rows are replaced by its values, whole
   touched   those of its values whose rows may differ from what the table holds
   logs      columns whose values, of rows that left or came, are written down for the models that
             follow this one: increments.<model>(version, <logs>)

   Every model keeps its own place in the logs that it follows (increments.reads), so a run that
   failed or built a part only loses nothing. A full build is made where there is no table yet, with
   --full-refresh, when the rules changed (ops.settings.rules_fingerprint, or the model's own file),
   when as_of moved back, and when a model that is followed was itself built in full. Elsewhere than
   on DuckDB every build is full. #}

{# True where the model being compiled replaces only touched rows. Asked once per compilation: the
   answer is kept in the `model` of its context, because a model asks up to a hundred times. #}
{% macro is_increment() -%}
    {%- if not execute or target.type != 'duckdb' or not may_be_increment()
        or should_full_refresh() -%}
        {%- do return(false) -%}
    {%- endif -%}
    {%- if 'is_increment' not in model -%}
        {%- do model.update({
            'is_increment': load_relation(this) is not none
                and is_current(this.identifier, model.checksum.checksum),
        }) -%}
    {%- endif -%}
    {%- do return(model.is_increment) -%}
{%- endmacro %}

{# Materializations that replace touched rows. #}
{% macro may_be_increment() -%}
    {%- do return(model.config.materialized in ('increment', 'connected_components')
        and model.config.get('replaces', '') != '') -%}
{%- endmacro %}

{# True where the table of a model that builds by increments holds under the present rules, so that
   what touches it is known. #}
{% macro is_current(name, checksum='') -%}
    {%- set found = run_query(
        "select 1 from increments.states as states, ops.settings as settings
        where states.model = '" ~ name ~ "'
            and starts_with(
                states.fingerprint, concat(coalesce(settings.rules_fingerprint, ''), '" ~ checksum ~ "'))
            and states.as_of <= settings.as_of
            and not exists (
                select 1 from increments.reads
                left join increments.states as followed on followed.model = reads.followed
                where reads.model = states.model and reads.followed <> 'landing'
                    and coalesce(
                        reads.version < greatest(
                            followed.full_version,
                            followed.version - " ~ increment_log_versions() ~ "),
                        true)
            )"
    ) -%}
    {%- do return(found.rows | length > 0) -%}
{%- endmacro %}

{# What a full build depends on besides rows: the rules of the tenant and the model's own file. #}
{% macro increment_fingerprint() -%}
    concat(coalesce(settings.rules_fingerprint, ''), '{{ model.checksum.checksum }}')
{%- endmacro %}

{# Call block: the query of touched values. It travels to the materialization as a comment. #}
{% macro touched() -%}
    {%- if execute and target.type == 'duckdb' and may_be_increment() -%}
        {%- set word = 'touched' if is_increment() else 'follows' -%}
/*{{ word }}:{{ caller() }}:{{ word }}*/
    {%- elif not execute -%}
        {%- do caller() -%}
    {%- endif -%}
{%- endmacro %}

{# What changed in a followed model since this one was last built. #}
{% macro changes(relation) -%}
    {%- if execute and is_increment() -%}
    (select * from increments.{{ relation.identifier }} where version > (
        select reads.version from increments.reads
        where reads.model = '{{ this.identifier }}' and reads.followed = '{{ relation.identifier }}'
    ))
    {%- else -%}
    increments.{{ relation.identifier }}
    {%- endif -%}
{%- endmacro %}

{# All rows of a relation, or, in an increment, those whose column holds a touched value. #}
{% macro touched_rows(relation, column=none) -%}
    select * from {{ relation }} where {{ is_touched(column or model.config.replaces) }}
{%- endmacro %}

{# Further condition of a where clause: only touched rows. #}
{% macro and_touched(column) -%} and {{ is_touched(column) }} {%- endmacro %}

{# Condition: in an increment, the column holds a touched value; in a full build, the row is in the slice
   that is being built, if the table is sliced by what it is replaced by. #}
{% macro is_touched(column) -%}
    {%- if is_increment() -%}
        {{ column }} in {{ touched_values() }}
    {%- elif model.config.slices and model.config.slices.by == model.config.replaces -%}
        {{ in_slice(column) }}
    {%- else -%}
        1 = 1
    {%- endif -%}
{%- endmacro %}

{# The touched values of the increment that is being built, as a subquery. #}
{% macro touched_values() -%}
    (
        select {{ model.config.replaces }} from touched__{{ this.identifier }}
        where {{ is_looked_for(model.config.replaces) }}
    )
{%- endmacro %}

{# Files that came or changed since this model was last built:
       files         their names by source
       known_before  names of those that had come before: only of them the table may have rows
       earliest      the earliest loaded_at of what they brought; none = they brought nothing
   A staging model with `meta: {reads_across_files: true}` puts rows of several files together, so one
   changed file of its source counts as all of them (`across`: the names of such sources). Empty where
   the model is built in full.

   A name counts for every source that has such a file: a row's column source may be another one than
   the folder that its file lay in (canonical files bring rows of many), so a row knows its file by
   name alone. Names and time go into the SQL as literals; by the time DuckDB finds the few blocks that
   it has to read. #}
{% macro changed_files(across=[]) -%}
    {%- set changed = {'files': {}, 'known_before': [], 'earliest': none} -%}
    {%- if is_increment() -%}
        {%- set rows = run_query(
            "with unread as (
                select source, file_name from ops.landing_files
                where landing_number > (
                    select reads.version from increments.reads as reads
                    where reads.model = '" ~ this.identifier ~ "' and reads.followed = 'landing')
            ),
            changed as (
                select file_name from unread
                union
                select file_name from ops.landing_files
                where source in (select source from unread)
                    and source in ('" ~ across | join("', '") ~ "')
            )
            select
                source, file_name,
                first_landed_at <> landed_at or landing_number <= (
                    select reads.version from increments.reads as reads
                    where reads.model = '" ~ this.identifier ~ "' and reads.followed = 'landing'
                ) as was_known,
                case when loaded_count > 0
                    then coalesce(earliest_loaded_at, timestamp '0001-01-01') end as earliest
            from ops.landing_files
            where file_name in (select file_name from changed)
            order by source, file_name"
        ).rows -%}
        {%- for row in rows -%}
            {%- set name = row[1] | replace("'", "''") -%}
            {%- do changed.files.setdefault(row[0], []).append(name) -%}
            {%- if row[2] -%} {%- do changed.known_before.append(name) -%} {%- endif -%}
        {%- endfor -%}
        {%- do changed.update({
            'earliest': rows | map(attribute=3) | reject('none') | sort | first | default(none)}) -%}
    {%- endif -%}
    {%- do return(changed) -%}
{%- endmacro %}

{# The as_of of this model's last build, as a literal. #}
{% macro previous_as_of() -%}
    {%- if 'previous_as_of' not in model -%}
        {%- set found = run_query("select as_of from increments.states
            where model = '" ~ this.identifier ~ "'") -%}
        {%- do model.update({'previous_as_of': found.rows[0][0]}) -%}
    {%- endif -%}
    timestamp '{{ model.previous_as_of }}'
{%- endmacro %}

{# Where clause of known rows that arrived: those of changed files, and those that became known because
   as_of moved; `also` is a further condition. All known rows in a full build. #}
{% macro where_arrived(changed, also='false') -%}
    where loaded_at < {{ as_of() }}
    {%- if is_increment() %}
        and (
            {%- if also == 'false' %} {{ is_of_time(changed) }} and {% endif -%}
            ({{ is_of_files(changed) }} or loaded_at >= {{ previous_as_of() }} or {{ also }})
        )
    {%- endif -%}
{%- endmacro %}

{# Touched block of a model whose rows come from files: what arrived, and what the table has of changed
   files. #}
{% macro touched_by_files(arrived, column, changed, also='false') -%}
    select {{ column }} from {{ arrived }} as arrived {{ where_arrived(changed, also) }}
    {%- if is_increment() %}
    union all
    select {{ column }} from {{ this }} where {{ is_of_known_files(changed) }}
    {%- endif -%}
{%- endmacro %}

{# Condition, never null: the row came from one of the changed files. #}
{% macro is_of_files(changed) -%}
    {%- do return(is_in_files(changed.files.values() | sum(start=[]) | unique)) -%}
{%- endmacro %}

{# The same of a row that the table has: from a changed file that had come before. #}
{% macro is_of_known_files(changed) -%} {%- do return(is_in_files(changed.known_before | unique)) -%}
{%- endmacro %}

{% macro is_in_files(names) -%}
    {%- set names = names | list -%}
    {%- if names -%} (_file_name is not null and _file_name in ('{{ names | join("', '") }}'))
    {%- else -%} false
    {%- endif -%}
{%- endmacro %}

{# Condition that all rows which arrived fulfil, and few others: no older than what a file brought. #}
{% macro is_of_time(changed) -%}
    {%- if changed.earliest -%} loaded_at >= least(timestamp '{{ changed.earliest }}', {{ previous_as_of() }})
    {%- else -%} loaded_at >= {{ previous_as_of() }}
    {%- endif -%}
{%- endmacro %}
