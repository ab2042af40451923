{# Funnels: chains of steps, one row per entry (an event of step 1) and step that it reached. The rules of
   each mode are in docs/funnels.md. `events` has funnel_number, mode, person_number, step_number (0 = what
   ends a chain), occurred_at, window_s, channel, campaign_id, device_category. #}

{# The most steps that a funnel may have. #}
{% macro funnel_step_limit() -%} {%- do return(8) -%} {%- endmacro %}

{% macro funnel_entry_columns() -%}
    {%- do return(['funnel_number', 'person_number', 'entry_at', 'deadline_at', 'channel', 'campaign_id',
        'device_category']) -%}
{%- endmacro %}

{# Mode ordered: exactly windowFunnel(window) of ClickHouse, over every entry. From the entry on, each
   step is the first event of its kind that is not before the step reached: the earliest one leaves most
   time to the next. Rows: funnel_entry_columns(), step_number, reached_at. #}
{% macro funnel_ordered(events) -%} {{ adapter.dispatch('funnel_ordered')(events) }} {%- endmacro %}

{# A chain of asof joins. Only entries that reached a step go on to the next: asof joins of DuckDB match a
   null of the left side with some row of the right one (1.5.6, from some thousand rows on). They sort both
   sides, so of the left one only rows of persons come in who have an event on the right. #}
{% macro default__funnel_ordered(events) -%}
    {%- set columns = funnel_entry_columns() -%}
    {%- set entries -%} (
            select
                funnel_number, person_number, occurred_at as entry_at,
                {{ add_time('occurred_at', 'window_s', 'second') }} as deadline_at,
                channel, campaign_id, device_category, occurred_at as reached_at
            from {{ events }} where mode = 'ordered' and step_number = 1
        ) {%- endset -%}
    {%- set exclusions = funnel_step_events(events, 0) -%}
    with reached_1 as (
        select entries.*
        from {{ entries }} as entries
        anti join {{ exclusions }} as exclusions
            on entries.funnel_number = exclusions.funnel_number
            and entries.person_number = exclusions.person_number
        union all
        select entries.* replace (least(entries.deadline_at, exclusions.occurred_at) as deadline_at)
        from {{ funnel_rows_with(entries, exclusions) }} as entries
        asof left join {{ exclusions }} as exclusions
            on entries.funnel_number = exclusions.funnel_number
            and entries.person_number = exclusions.person_number
            and entries.entry_at < exclusions.occurred_at
    )
    {%- for step in range(2, funnel_step_limit() + 1) %}
    {%- set step_events = funnel_step_events(events, step) %}
    , reached_{{ step }} as (
        select former.* replace (events.occurred_at as reached_at)
        from {{ funnel_rows_with('reached_' ~ (step - 1), step_events) }} as former
        asof join {{ step_events }} as events
            on former.funnel_number = events.funnel_number
            and former.person_number = events.person_number
            and former.reached_at <= events.occurred_at
        where events.occurred_at <= former.deadline_at
    )
    {%- endfor %}
    {%- for step in range(1, funnel_step_limit() + 1) %}
    {{ 'union all' if not loop.first }}
    select {{ columns | join(', ') }}, {{ step }} as step_number, reached_at
    from reached_{{ step }}
    {%- endfor %}
{%- endmacro %}

{# When persons did a step of a funnel; 0 = what ends a chain. #}
{% macro funnel_step_events(events, step) -%} (
            select funnel_number, person_number, occurred_at
            from {{ events }} where mode = 'ordered' and step_number = {{ step }}
        ) {%- endmacro %}

{# Rows of persons of a funnel who have a row in another relation, too. #}
{% macro funnel_rows_with(rows, others) -%} (
            select entered.*
            from {{ rows }} as entered
            semi join {{ others }} as others
                on entered.funnel_number = others.funnel_number
                and entered.person_number = others.person_number
        ) {%- endmacro %}

{# The same without asof joins: the earliest of all events that may be next. #}
{% macro spark__funnel_ordered(events) -%}
    {%- set columns = funnel_entry_columns() -%}
    {%- set steps = range(2, funnel_step_limit() + 1) -%}
    with reached_1 as (
        select {{ columns | join(', ') }}, occurred_at as reached_1_at
        from ({{ funnel_entries(events, 'ordered') }}) as entries
        where step_number = 1
    )
    {%- for step in steps %}
    , reached_{{ step }} as (
        select
            former.*,
            reached.reached_{{ step }}_at
        from reached_{{ step - 1 }} as former
        left join (
            select
                former.funnel_number,
                former.person_number,
                former.entry_at,
                min(events.occurred_at) as reached_{{ step }}_at
            from (
                select distinct funnel_number, person_number, entry_at, deadline_at,
                    reached_{{ step - 1 }}_at
                from reached_{{ step - 1 }}
            ) as former
            inner join {{ events }} as events
                on former.funnel_number = events.funnel_number
                and former.person_number = events.person_number
                and events.step_number = {{ step }}
                and events.occurred_at >= former.reached_{{ step - 1 }}_at
                and events.occurred_at <= former.deadline_at
            where events.mode = 'ordered'
            group by former.funnel_number, former.person_number, former.entry_at
        ) as reached
            on former.funnel_number = reached.funnel_number
            and former.person_number = reached.person_number
            and former.entry_at = reached.entry_at
    )
    {%- endfor %}
    select * from (
        select
            {{ columns | join(', ') }},
            steps.step_number,
            case steps.step_number
                {%- for step in range(1, funnel_step_limit() + 1) %}
                when {{ step }} then reached_{{ step }}_at
                {%- endfor %}
            end as reached_at
        from reached_{{ funnel_step_limit() }}
        cross join ({{ funnel_step_numbers() }}) as steps
    ) as reached
    where reached_at is not null
{%- endmacro %}

{# Mode any_order: a chain begins with an event of any step; a step is reached when it and all before it
   have happened by then. Rows as in funnel_ordered. #}
{% macro funnel_any_order(events) -%}
    {%- set limit = funnel_step_limit() -%}
    with entries as (
        select * from ({{ funnel_entries(events, 'any_order', next_steps=true) }}) as entries
        where step_number >= 1
    ),
    reached as (
        select
            {{ funnel_entry_columns() | join(', ') }},
            steps.step_number,
            case steps.step_number
                when 1 then next_1_at
                {%- for step in range(2, limit + 1) %}
                {%- set names = [] -%}
                {%- for number in range(1, step + 1) %}
                    {%- do names.append('next_' ~ number ~ '_at') -%}
                {%- endfor %}
                when {{ step }} then
                    case when {{ names | join(' is not null and ') }} is not null
                        then greatest({{ names | join(', ') }}) end
                {%- endfor %}
            end as reached_at
        from entries
        cross join ({{ funnel_step_numbers() }}) as steps
    )
    select * from reached where reached_at <= deadline_at
{%- endmacro %}

{# Mode strict_order: no event of another kind between two steps (the same step again is none). Such a
   chain lies in one run of events whose step stays or grows by one. Rows as in funnel_ordered. #}
{% macro funnel_strict_order(events) -%}
    {%- set window -%}
        partition by funnel_number, person_number order by occurred_at, step_number
    {%- endset -%}
    with followed as (
        select
            *,
            lag(step_number) over ({{ window }}) as previous_step
        from {{ events }} where mode = 'strict_order'
    ),
    runs as (
        select
            *,
            sum(case when step_number - previous_step in (0, 1) then 0 else 1 end) over (
                {{ window }} rows between unbounded preceding and current row
            ) as run_number
        from followed
    ),
    ends as (
        select funnel_number, person_number, run_number, step_number, min(occurred_at) as reached_at
        from runs where step_number >= 2
        group by funnel_number, person_number, run_number, step_number
    ),
    entries as (
        select
            *,
            occurred_at as entry_at,
            {{ add_time('occurred_at', 'window_s', 'second') }} as deadline_at
        from runs where step_number = 1
    )
    select {{ funnel_entry_columns() | join(', ') }}, 1 as step_number, entry_at as reached_at
    from entries
    union all
    select
        {%- for column in funnel_entry_columns() %}
        entries.{{ column }},
        {%- endfor %}
        ends.step_number,
        ends.reached_at
    from entries
    inner join ends
        on entries.funnel_number = ends.funnel_number
        and entries.person_number = ends.person_number
        and entries.run_number = ends.run_number
    where ends.reached_at <= entries.deadline_at
{%- endmacro %}

{# Events of a mode with their deadline: the window's end, or what ends chains, if that comes before it.
   At the same instant it ends none. next_steps: also next_1_at, ...: the event itself or the next one of
   that step. Times fall from row to row, so that no frame has to look ahead. #}
{% macro funnel_entries(events, mode, next_steps=false) -%}
    {%- set window = 'partition by funnel_number, person_number order by occurred_at desc' -%}
    select
        *,
        occurred_at as entry_at,
        least(
            {{ add_time('occurred_at', 'window_s', 'second') }},
            {{ last_known('case when step_number = 0 then occurred_at end') }} over (
                {{ window }}, step_number desc rows between unbounded preceding and current row
            )
        ) as deadline_at
        {%- if next_steps -%}
        {%- for step in range(1, funnel_step_limit() + 1) %},
        min(case when step_number = {{ step }} then occurred_at end) over (
            {{ window }} range between unbounded preceding and current row
        ) as next_{{ step }}_at
        {%- endfor %}
        {%- endif %}
    from {{ events }} where mode = '{{ mode }}'
{%- endmacro %}

{# A query: 1 to funnel_step_limit(), column step_number. #}
{% macro funnel_step_numbers() -%}
    {%- for step in range(1, funnel_step_limit() + 1) -%}
    {{ ' union all ' if not loop.first }}select {{ step }} as step_number
    {%- endfor -%}
{%- endmacro %}
