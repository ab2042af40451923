{# Every difference between SQL dialects lives here, behind adapter.dispatch: one macro per idea.
   The default is what DuckDB takes; spark__ stands beside it where Spark differs. #}

{% macro string_type() -%} {{ return(adapter.dispatch('string_type')()) }} {%- endmacro %}
{% macro default__string_type() -%} {{ return('varchar') }} {%- endmacro %}
{% macro spark__string_type() -%} {{ return('string') }} {%- endmacro %}

{# Hexadecimal SHA-256 of a string expression, 64 characters. #}
{% macro sha256_hex(expression) -%} {{ adapter.dispatch('sha256_hex')(expression) }} {%- endmacro %}
{% macro default__sha256_hex(expression) -%} sha256({{ expression }}) {%- endmacro %}
{% macro spark__sha256_hex(expression) -%} sha2({{ expression }}, 256) {%- endmacro %}

{# First hexadecimal digits (at most 15) of a hash as an integer; 8 digits give 0 .. 2^32 - 1. #}
{% macro hex_to_integer(expression, digits=8) -%}
    {{ adapter.dispatch('hex_to_integer')(expression, digits) }}
{%- endmacro %}
{% macro default__hex_to_integer(expression, digits) -%}
    cast('0x' || substr({{ expression }}, 1, {{ digits }}) as bigint)
{%- endmacro %}
{% macro spark__hex_to_integer(expression, digits) -%}
    cast(conv(substr({{ expression }}, 1, {{ digits }}), 16, 10) as bigint)
{%- endmacro %}

{# Condition that is always true, for the rows whose column is looked for in a much larger relation.
   DuckDB reads only blocks and rows of the larger side that a bloom filter of the smaller one lets
   through, but makes the filter only where the smaller side has a condition of its own. #}
{% macro is_looked_for(column) -%} {{ adapter.dispatch('is_looked_for')(column) }} {%- endmacro %}
{% macro default__is_looked_for(column) -%} hash({{ column }}) >= 0 {%- endmacro %}
{% macro spark__is_looked_for(column) -%} 1 = 1 {%- endmacro %}

{# Goes on a query: rows that the model's own table has so far. Where a table cannot be read while it is
   built anew (Spark), there are none. #}
{% macro union_of_former_rows(columns, condition) -%}
    {%- if execute and target.type == 'duckdb' and load_relation(this) is not none -%}
    union all
    select {{ columns | join(', ') }} from {{ this }} where {{ condition }}
    {%- endif -%}
{%- endmacro %}

{# Seconds from one timestamp to another, as double with fractions. #}
{% macro seconds_between(earlier, later) -%}
    {{ adapter.dispatch('seconds_between')(earlier, later) }}
{%- endmacro %}
{% macro default__seconds_between(earlier, later) -%}
    (epoch_us({{ later }}) - epoch_us({{ earlier }})) / 1000000.0
{%- endmacro %}
{% macro spark__seconds_between(earlier, later) -%}
    (unix_micros({{ later }}) - unix_micros({{ earlier }})) / 1000000.0
{%- endmacro %}

{# Calendar days from one date or timestamp to another, integer. #}
{% macro days_between(earlier, later) -%}
    {{ adapter.dispatch('days_between')(earlier, later) }}
{%- endmacro %}
{% macro default__days_between(earlier, later) -%}
    date_diff('day', cast({{ earlier }} as date), cast({{ later }} as date))
{%- endmacro %}
{% macro spark__days_between(earlier, later) -%}
    datediff(cast({{ later }} as date), cast({{ earlier }} as date))
{%- endmacro %}

{# A timestamp moved by a number (expression) of seconds, minutes, hours or days. #}
{% macro add_time(timestamp, amount, unit) -%}
    {{ adapter.dispatch('add_time')(timestamp, amount, unit) }}
{%- endmacro %}
{% macro default__add_time(timestamp, amount, unit) -%}
    ({{ timestamp }} + to_{{ unit }}s(cast({{ amount }} as bigint)))
{%- endmacro %}
{% macro spark__add_time(timestamp, amount, unit) -%}
    timestampadd({{ unit }}, cast({{ amount }} as int), {{ timestamp }})
{%- endmacro %}

{# First instant of the month as date. #}
{% macro month_start(timestamp) -%} {{ adapter.dispatch('month_start')(timestamp) }} {%- endmacro %}
{% macro default__month_start(timestamp) -%}
    cast(date_trunc('month', {{ timestamp }}) as date)
{%- endmacro %}

{# UTC timestamp as wall-clock timestamp of an IANA time zone. #}
{% macro local_time(timestamp, timezone) -%}
    {{ adapter.dispatch('local_time')(timestamp, timezone) }}
{%- endmacro %}
{% macro default__local_time(timestamp, timezone) -%}
    timezone({{ timezone }}, timezone('UTC', {{ timestamp }}))
{%- endmacro %}
{% macro spark__local_time(timestamp, timezone) -%}
    from_utc_timestamp({{ timestamp }}, {{ timezone }})
{%- endmacro %}

{# List of the values in a total order (order_by is a list of expressions). #}
{% macro ordered_list(expression, order_by) -%}
    {{ adapter.dispatch('ordered_list')(expression, order_by) }}
{%- endmacro %}
{# A list that is sorted when it is whole: `list(... order by ...)` takes kilobytes per group. #}
{% macro default__ordered_list(expression, order_by) -%}
    list_transform(
        list_sort(list(row({{ order_by | join(', ') }}, {{ expression }}))),
        lambda element: element[{{ order_by | length + 1 }}]
    )
{%- endmacro %}
{% macro spark__ordered_list(expression, order_by) -%}
    transform(array_sort(collect_list(struct({{ order_by | join(', ') }}, {{ expression }} as item))),
        element -> element.item)
{%- endmacro %}

{# Distinct values as a text, sorted, joined by comma. Sorted when whole: `string_agg(distinct ... order by
   ...)` sorts the rows of all groups. #}
{% macro distinct_text(expression) -%}
    {{ adapter.dispatch('distinct_text')(expression) }}
{%- endmacro %}
{% macro default__distinct_text(expression) -%}
    array_to_string(
            list_sort(list(distinct {{ expression }}) filter (where {{ expression }} is not null)), ','
        )
{%- endmacro %}
{% macro spark__distinct_text(expression) -%}
    array_join(array_sort(collect_set({{ expression }})), ',')
{%- endmacro %}

{# True where a regular expression (POSIX subset) matches somewhere in the text. #}
{% macro matches(expression, pattern) -%}
    {{ adapter.dispatch('matches')(expression, pattern) }}
{%- endmacro %}
{% macro default__matches(expression, pattern) -%}
    regexp_matches({{ expression }}, {{ pattern }})
{%- endmacro %}
{% macro spark__matches(expression, pattern) -%} ({{ expression }} rlike {{ pattern }}) {%- endmacro %}

{# Aggregate: the value of the row that is largest by a list of expressions (a total order). #}
{% macro value_at_max(value, order_by) -%}
    {{ adapter.dispatch('value_at_max')(value, order_by) }}
{%- endmacro %}
{% macro default__value_at_max(value, order_by) -%}
    arg_max({{ value }}, {{ order_by[0] if order_by | length == 1
        else 'row(' ~ order_by | join(', ') ~ ')' }})
{%- endmacro %}
{% macro spark__value_at_max(value, order_by) -%}
    max_by({{ value }}, struct({{ order_by | join(', ') }}))
{%- endmacro %}

{# Window function: the last value of the frame that is not null. #}
{% macro last_known(expression) -%} {{ adapter.dispatch('last_known')(expression) }} {%- endmacro %}
{% macro default__last_known(expression) -%} last_value({{ expression }} ignore nulls) {%- endmacro %}
{% macro spark__last_known(expression) -%} last_value({{ expression }}, true) {%- endmacro %}
