{# Paths of journeys (lists of channels) as rows, for Markov models. #}

{# A CTE body: one row per touch of a path: the carried columns, is_first_step, and the channels of
   this touch and the three after it (channel_1 .. channel_4; null after the end). #}
{% macro path_steps(relation, carried) -%}
    {{ adapter.dispatch('path_steps')(relation, carried) }}
{%- endmacro %}

{% macro default__path_steps(relation, carried) -%}
    select
        {{ carried | join(', ') }},
        step[1] = 1 as is_first_step,
        {% for place in range(1, 5) %}
        step[{{ place + 1 }}] as channel_{{ place }}{{ ',' if not loop.last }}
        {% endfor %}
    from (
        select
            {{ carried | join(', ') }},
            unnest(list_zip(range(1, len(path) + 1), path, path[2:], path[3:], path[4:])) as step
        from {{ relation }}
    ) as stepped
{%- endmacro %}

{% macro spark__path_steps(relation, carried) -%}
    select
        {{ carried | join(', ') }},
        place = 0 as is_first_step,
        channel_1,
        {% for further in range(1, 4) %}
        get(path, place + {{ further }}) as channel_{{ further + 1 }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ relation }} lateral view posexplode(path) stepped as place, channel_1
{%- endmacro %}

{# Name of a state: its channels in order; those after the end of a path are null and left out. #}
{% macro markov_state(channels) -%} concat_ws(' > ', {{ channels | join(', ') }}) {%- endmacro %}
