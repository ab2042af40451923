{# Full builds in slices. A table of tens of millions of wide rows that is joined with others of its size
   does not fit into memory, and DuckDB then writes the wide rows to disk once per join. A model that
   says `slices: {by: <column>, of: <model that it reads>, rows: <n>}` in its config is built in
   stretches of that column of about so many rows, one statement after the other. Below that size, in
   an increment and on other engines there is one slice, which is everything.

       with wide as (select * from {{ ref('facts') }} where {{ in_slice('occurred_at') }}),
       other as (
           select * from {{ ref('other') }}
           {% call when_sliced() %} where key in (select key from ...) {% endcall %}
       )

   A costly view that does not depend on the slice is computed once for all of them:

       sums as ({{ once_for_slices('sums', ref('summing_view')) }})

   All three travel to the materialization as comments. #}

{# Condition: the row is in the slice that is being built. #}
{% macro in_slice(column) -%}
    1 = 1 {%- if may_be_sliced() %} /*slice:{{ column }}:slice*/ {%- endif -%}
{%- endmacro %}

{# Text that stands there only when there are several slices: so that the other side of a join is
   restricted to the slice, too. #}
{% macro when_sliced() -%}
    {%- if may_be_sliced() -%} /*when_sliced:{{ caller() }}:when_sliced*/ {%- endif -%}
{%- endmacro %}

{# All rows of a view that is the same in every slice: where there are several, it becomes a temporary
   table. #}
{% macro once_for_slices(name, view) -%}
    {%- set rows = 'select * from ' ~ view -%}
    {%- if may_be_sliced() -%} /*once:{{ name }}:*/ {{ rows }} /*:once*/ {%- else -%} {{ rows }}
    {%- endif -%}
{%- endmacro %}

{% macro may_be_sliced() -%}
    {%- do return(execute and target.type == 'duckdb' and model.resource_type == 'model'
        and not is_increment()) -%}
{%- endmacro %}

{# The queries of once_for_slices: (name, SQL). #}
{% macro once_parts(sql) -%}
    {%- do return(modules.re.findall('/\\*once:(.*?):\\*/(.*?)/\\*:once\\*/', sql, modules.re.DOTALL)) -%}
{%- endmacro %}

{# Their temporary tables. #}
{% macro once_table(name) -%} once__{{ this.identifier }}__{{ name }} {%- endmacro %}

{# The SQL of one slice; none = of everything. #}
{% macro slice_of(sql, condition) -%}
    {%- set re = modules.re -%}
    {%- if condition is not none -%}
        {%- set sql = re.sub('/\\*once:(.*?):\\*/.*?/\\*:once\\*/',
            'select * from ' ~ once_table('\\1'), sql, flags=re.DOTALL) -%}
    {%- endif -%}
    {%- set whens = '/\\*when_sliced:(.*?):when_sliced\\*/' -%}
    {%- if condition is none -%}
        {%- do return(re.sub('/\\*slice:.*?:slice\\*/', '', re.sub(whens, '', sql, flags=re.DOTALL))) -%}
    {%- endif -%}
    {%- do return(re.sub('/\\*slice:(.*?):slice\\*/', condition, re.sub(whens, '\\1', sql, flags=re.DOTALL))) -%}
{%- endmacro %}

{# The condition of every slice, with \1 for the column; [none] where there is one slice. Slices are
   whole days, so that a slice reads few blocks; rows without a value are in the first one. #}
{% macro duckdb__slices() -%}
    {%- set wanted = config.get('slices') -%}
    {%- if not wanted -%} {%- do return([none]) -%} {%- endif -%}
    {%- set counted -%}
        select cast({{ wanted.by }} as date) as day, count(*) as row_count
        from {{ load_relation(ref(wanted.of)) }}
        where {{ wanted.by }} is not null
        group by day
    {%- endset -%}
    {%- set firsts = run_query(
        'select min(day) as day from (
            select day, floor((sum(row_count) over (order by day) - row_count) / ' ~ wanted.rows ~ ')
                as slice
            from (' ~ counted ~ ') as days
        ) as numbered group by slice order by day'
    ).columns[0].values() -%}
    {%- if firsts | length < 2 -%} {%- do return([none]) -%} {%- endif -%}
    {%- set slices = ["and (\\1 < date '" ~ firsts[1] ~ "' or \\1 is null)"] -%}
    {%- for first in firsts[1:] -%}
        {%- do slices.append("and \\1 >= date '" ~ first ~ "'"
            ~ ('' if loop.last else " and \\1 < date '" ~ firsts[loop.index + 1] ~ "'")) -%}
    {%- endfor -%}
    {%- do return(slices) -%}
{%- endmacro %}
