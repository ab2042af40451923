{# Gates of the identity graph: limits of tenant.yml that a naming (stable_ids.sql) must not break. One that
   does fails before anything is written, so whatever follows int_identity__names is skipped and the last
   good identity stays in use. CROSSWEAVE_ACCEPT_IDENTITY=1 lets one build through. No gate where there was
   no identity before, where as_of was moved back (fewer persons are no fault then), and for a handful of
   persons, of whom a few are soon a large share. #}
{% macro check_identity_gates(scratch) -%}
    {%- set accepted = env_var('CROSSWEAVE_ACCEPT_IDENTITY', '') not in ('', '0') -%}
    {%- set query -%}
        with

        former_persons as (

            select person_id, count(*) as identifier_count
            from {{ scratch }}_former group by person_id

        ),

        persons as (

            select person_id, count(*) as identifier_count
            from {{ scratch }}_named group by person_id

        ),

        former_totals as (

            select
                count(*) as person_count,
                coalesce(max(former_persons.identifier_count), 0) as largest,
                sum(case when persons.person_id is null then 1 else 0 end) as gone_count
            from former_persons
            left join persons on persons.person_id = former_persons.person_id

        ),

        totals as (

            select coalesce(max(identifier_count), 0) as largest from persons

        )

        select
            former_totals.person_count,
            former_totals.gone_count,
            settings.identity_gone_share,
            totals.largest,
            former_totals.largest as largest_before,
            settings.identity_largest_person
        from former_totals
        cross join totals
        cross join {{ source('ops', 'settings') }} as settings
        where former_totals.person_count > 0 and {{ as_of() }} >= {{ as_of_of_the_last_build() }}
    {%- endset -%}
    {%- set rows = run_query(query).rows -%}
    {%- set found = rows[0] if rows else [0, 0, none, 0, 0, none] -%}
    {%- set told = [] -%}
    {%- if found[2] is not none and found[1] > 20 and found[1] > found[2] * found[0] -%}
        {%- do told.append(
            found[1] ~ ' of ' ~ found[0] ~ ' persons would be merged or gone, more than the share '
            ~ found[2] ~ ' (identity_gone_share)') -%}
    {%- endif -%}
    {%- if found[5] is not none and found[3] > found[5] and found[3] > found[4] -%}
        {%- do told.append(
            'the largest person would have ' ~ found[3] ~ ' identifiers, more than '
            ~ found[5] ~ ' (identity_largest_person) and than the ' ~ found[4] ~ ' of before') -%}
    {%- endif -%}
    {%- if told and accepted -%}
        {%- do log('identity gate passed by CROSSWEAVE_ACCEPT_IDENTITY: ' ~ told | join('; '), info=true) -%}
    {%- elif told -%}
        {%- do exceptions.raise_compiler_error(
            'identity gate: ' ~ told | join('; ') ~ '. The former identity stays in use. Look for a shared '
            ~ 'value or a changed rule (docs/identity.md, Gates), or let it through once with '
            ~ 'CROSSWEAVE_ACCEPT_IDENTITY=1') -%}
    {%- endif -%}
{%- endmacro %}
