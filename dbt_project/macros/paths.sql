{# Paths: the channels of a journey as a list, its transforms and its text. Lists count from 1. #}

{# The ways in which a path may be read where journeys are counted together:
   unique    as it happened, every touch a step
   exposure  a run of one channel is one step
   first     every channel once, where it first stood
   last_n    the last touches, as many as the setting path_last_touches says
   D A B B C D C C: exposure D A B C D C, first D A B C, the last three D C C. #}
{% macro path_transforms() -%} {%- do return(['unique', 'exposure', 'first', 'last_n']) -%}
{%- endmacro %}

{% macro path_transform(transform, path) -%}
    {%- if transform == 'exposure' -%} {{ without_runs(path) }}
    {%- elif transform == 'first' -%} {{ without_repeats(path) }}
    {%- elif transform == 'last_n' -%} {{ list_tail(path, setting('path_last_touches')) }}
    {%- elif transform == 'unique' -%} {{ path }}
    {%- else -%}
        {{ exceptions.raise_compiler_error('no transform of paths: ' ~ transform) }}
    {%- endif -%}
{%- endmacro %}

{# The transform that the setting `name` names. #}
{% macro path_transform_by_setting(name, path) -%}
    case {{ setting(name) }}
    {%- for transform in path_transforms() %}
        when '{{ transform }}' then {{ path_transform(transform, path) }}
    {%- endfor %}
    end
{%- endmacro %}

{# A path in words. #}
{% macro path_text(path) -%} {{ adapter.dispatch('path_text')(path) }} {%- endmacro %}
{% macro default__path_text(path) -%} array_to_string({{ path }}, ' > ') {%- endmacro %}
{% macro spark__path_text(path) -%} array_join({{ path }}, ' > ') {%- endmacro %}

{# What equals the element before it is left out. #}
{% macro without_runs(list) -%} {{ adapter.dispatch('without_runs')(list) }} {%- endmacro %}
{% macro default__without_runs(list) -%}
    list_filter({{ list }}, lambda step, i: i = 1 or step <> {{ list }}[i - 1])
{%- endmacro %}
{% macro spark__without_runs(list) -%}
    filter({{ list }}, (step, i) -> i = 0 or step <> get({{ list }}, i - 1))
{%- endmacro %}

{# Every element where it first stands. #}
{% macro without_repeats(list) -%} {{ adapter.dispatch('without_repeats')(list) }} {%- endmacro %}
{% macro default__without_repeats(list) -%}
    list_filter({{ list }}, lambda step, i: list_position({{ list }}, step) = i)
{%- endmacro %}
{% macro spark__without_repeats(list) -%} array_distinct({{ list }}) {%- endmacro %}

{# The first, the last elements, at most so many. #}
{% macro list_head(list, number) -%} {{ adapter.dispatch('list_head')(list, number) }} {%- endmacro %}
{% macro default__list_head(list, number) -%}
    list_slice({{ list }}, 1, {{ number }})
{%- endmacro %}
{% macro spark__list_head(list, number) -%}
    slice({{ list }}, 1, cast({{ number }} as int))
{%- endmacro %}

{% macro list_tail(list, number) -%} {{ adapter.dispatch('list_tail')(list, number) }} {%- endmacro %}
{% macro default__list_tail(list, number) -%}
    list_slice({{ list }}, greatest(len({{ list }}) - {{ number }} + 1, 1), len({{ list }}))
{%- endmacro %}
{% macro spark__list_tail(list, number) -%}
    slice({{ list }}, greatest(size({{ list }}) - cast({{ number }} as int) + 1, 1), size({{ list }}))
{%- endmacro %}

{% macro list_length(list) -%} {{ adapter.dispatch('list_length')(list) }} {%- endmacro %}
{% macro default__list_length(list) -%} len({{ list }}) {%- endmacro %}
{% macro spark__list_length(list) -%} cast(size({{ list }}) as bigint) {%- endmacro %}

{% macro list_append(list, element) -%} {{ adapter.dispatch('list_append')(list, element) }}
{%- endmacro %}
{% macro default__list_append(list, element) -%} list_append({{ list }}, {{ element }})
{%- endmacro %}
{% macro spark__list_append(list, element) -%} array_append({{ list }}, {{ element }})
{%- endmacro %}

{# The element at a position; null where there is none. #}
{% macro list_item(list, position) -%} {{ adapter.dispatch('list_item')(list, position) }}
{%- endmacro %}
{% macro default__list_item(list, position) -%} list_extract({{ list }}, {{ position }})
{%- endmacro %}
{% macro spark__list_item(list, position) -%} get({{ list }}, cast({{ position }} as int) - 1)
{%- endmacro %}

{# In a select list: a row for each of the numbers 1 .. last (not below 1), the other columns repeated. #}
{% macro rows_numbered_to(last) -%} {{ adapter.dispatch('rows_numbered_to')(last) }} {%- endmacro %}
{% macro default__rows_numbered_to(last) -%} unnest(generate_series(1, {{ last }})) {%- endmacro %}
{% macro spark__rows_numbered_to(last) -%}
    explode(sequence(cast(1 as bigint), cast({{ last }} as bigint)))
{%- endmacro %}

{# Aggregate: the rows of a group as one list, sorted by its columns from the first on; and a column of
   it (1, 2, ...) as a list. Sorted when it is whole: `list(... order by ...)` takes kilobytes per group. #}
{% macro sorted_rows(columns) -%} {{ adapter.dispatch('sorted_rows')(columns) }} {%- endmacro %}
{% macro default__sorted_rows(columns) -%} list_sort(list(row({{ columns | join(', ') }})))
{%- endmacro %}
{% macro spark__sorted_rows(columns) -%}
    array_sort(collect_list(struct(
    {%- for column in columns -%}
        {{ column }} as item_{{ loop.index }}{{ ', ' if not loop.last }}
    {%- endfor -%}
    )))
{%- endmacro %}

{% macro column_of_rows(rows, number) -%} {{ adapter.dispatch('column_of_rows')(rows, number) }}
{%- endmacro %}
{% macro default__column_of_rows(rows, number) -%}
    list_transform({{ rows }}, lambda element: element[{{ number }}])
{%- endmacro %}
{% macro spark__column_of_rows(rows, number) -%}
    transform({{ rows }}, element -> element.item_{{ number }})
{%- endmacro %}
