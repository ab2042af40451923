{# What the point-in-time features have in common. Column names are built from these two lists:
   <measure>_<window>d and <measure>_<group>_<window>d; models are trained on the names. #}

{# Windows in days before the cutoff. #}
{% macro feature_windows() -%} {% do return([7, 30, 90, 180]) %} {%- endmacro %}

{# Groups of the seed `channels`; what it does not know is `other`. #}
{% macro feature_channel_groups() -%}
    {% do return([
        'owned_digital', 'messaging', 'paid_media', 'organic', 'direct', 'analog_media', 'physical',
        'personal', 'other',
    ]) %}
{%- endmacro %}

{# True where a version of a row was the known one at the cutoff: loaded before it, and not yet
   superseded by then. #}
{% macro known_at_cutoff(relation, cutoff='cutoffs.cutoff_at') -%}
    {{ relation }}.loaded_at < {{ cutoff }}
        and (
            {{ relation }}.superseded_at is null
            or {{ relation }}.superseded_at >= {{ cutoff }}
        )
{%- endmacro %}

{# Days (with fractions) from a timestamp to the cutoff. #}
{% macro days_before(timestamp, cutoff='cutoff_at') -%}
    {{ seconds_between(timestamp, cutoff) }} / 86400.0
{%- endmacro %}
