{# Condition: a model that keeps past cutoffs has not got this one, or has not read since when files
   brought something that was known then (int_features__known_cutoffs). The model is named, not
   referred to: it is built from what this condition lets through. #}
{% macro is_open_for(name, cutoff_at) -%}
    {%- if execute and target.type == 'duckdb' and not should_full_refresh() and is_current(name) -%}
        (
            {{ cutoff_at }} not in (
                select kept.cutoff_at from {{ this.incorporate(path={'identifier': name}) }} as kept
            )
            or {{ cutoff_at }} in (
                select changed.cutoff_at from increments.int_features__known_cutoffs as changed
                where changed.version > (
                    select reads.version from increments.reads as reads
                    where reads.model = '{{ name }}' and reads.followed = 'int_features__known_cutoffs'
                )
            )
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{# Touched block of a model that keeps past cutoffs: those that are open, those that are gone. #}
{% macro touched_cutoffs() -%}
    select cutoff_at from {{ ref('int_identity__open_cutoffs') }}
    union all
    select cutoff_at from {{ changes(ref('int_features__known_cutoffs')) }}
    where cutoff_at not in (select cutoff_at from {{ ref('int_features__cutoffs') }})
{%- endmacro %}

{# True where a past cutoff is to be resolved: what that reads is not even planned on most days. #}
{% macro past_is_open() -%}
    {%- set open_cutoffs = ref('int_identity__open_cutoffs') -%}
    {%- if not execute or target.type != 'duckdb' -%} {%- do return(true) -%} {%- endif -%}
    {%- do return(run_query('select 1 from ' ~ open_cutoffs ~ ' limit 1').rows | length > 0) -%}
{%- endmacro %}
