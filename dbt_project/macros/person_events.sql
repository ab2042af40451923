{# What a naming (stable_ids.sql) did to persons, appended to tables of schema ops that are state:

       person_events     created, split (of other_person_id), merged (into other_person_id), retired,
                         erased; identity.person_ledger shows them
       person_redirects  where an id leads that was given up; the highest sequence of an
                         old_person_id counts, null = nowhere; identity.person_redirects shows them
       identifier_history  whose an identifier was taken to be, and is not any more: from known_from
                         to known_to, by builds up to that of last_as_of; identity.identifier_person
                         shows them, and facts that were loaded then have them as person_id_as_known

   They are written in one transaction with the names, so a killed build leaves all of them as they were.
   What is a person's last event is not written a second time (a fresh warehouse with a ledger). #}

{# The statements, from the tables of a naming. #}
{% macro person_event_inserts(scratch) -%}
    {% set sequence = single_value('select coalesce(max(sequence), 0) + 1 from ops.person_events') %}
    {% do return([
        insert_redirects(scratch, sequence), insert_history(scratch, sequence), insert_events(scratch, sequence)
    ]) %}
{%- endmacro %}

{% macro insert_events(scratch, sequence) -%}
    insert into ops.person_events
    select
        {{ surrogate_key(
            ['events.event', 'events.person_id', 'events.other_person_id', "'" ~ sequence ~ "'"]
        ) }} as event_id,
        events.event,
        events.person_id,
        events.other_person_id,
        events.effective_at,
        {{ as_of() }} as detected_at,
        events.cause_edge_id,
        {{ identity_rule_version() }} as rule_version,
        '{{ invocation_id }}' as run_id,
        cast({{ sequence }} as bigint) as sequence
    from {{ scratch }}_events as events
    left join {{ last_of('ops.person_events', 'person_id') }} as known
        on known.person_id = events.person_id
        and known.event = events.event
        and coalesce(known.other_person_id, '') = coalesce(events.other_person_id, '')
    where known.person_id is null
{%- endmacro %}

{# Subquery: the rows of the highest sequence of a key. #}
{% macro last_of(table, key) -%}
(
    select kept.*
    from {{ table }} as kept
    inner join (select {{ key }}, max(sequence) as sequence from {{ table }} group by {{ key }}) as newest
        on newest.{{ key }} = kept.{{ key }} and newest.sequence = kept.sequence
)
{%- endmacro %}

{# The query of what happened: open groups that got a new id, open persons who go on in no group. Effective
   is a new person from its first evidence on, a merge from the first evidence that bridges the two. #}
{% macro person_events_of(scratch) -%}
    with

    {% for end, column in [('person', 'person_id'), ('group', 'anchor_number')] %}
    best_of_{{ end }} as (

        select pairs.*
        from {{ scratch }}_pairs_0 as pairs
        inner join (
            select {{ column }}, min(pair_order) as pair_order
            from {{ scratch }}_pairs_0 group by {{ column }}
        ) as best on best.{{ column }} = pairs.{{ column }} and best.pair_order = pairs.pair_order

    ),

    {% endfor %}
    seen as (

        select anchor_number, min(first_seen_at) as first_seen_at
        from {{ scratch }}_members
        where anchor_number in (select anchor_number from {{ scratch }}_names where is_new)
        group by anchor_number

    ),

    gone as (

        select open_persons.person_id
        from {{ scratch }}_open_persons as open_persons
        left join {{ scratch }}_names as names on names.person_id = open_persons.person_id
        where names.person_id is null

    ),

    -- kept edges between what was this person's and what was not, within one group
    bridges as (

        select
            gone.person_id,
            edges.first_seen_at,
            edges.edge_id,
            row_number() over (
                partition by gone.person_id order by edges.first_seen_at, edges.edge_id
            ) as place
        from gone
        inner join {{ scratch }}_former as former on former.person_id = gone.person_id
        inner join {{ kept_edge_ends() }} as edges
            on edges.identifier_number = former.identifier_number
        inner join {{ scratch }}_members as members
            on members.identifier_number = former.identifier_number
        inner join {{ scratch }}_members as others
            on others.identifier_number = edges.other_number
            and others.anchor_number = members.anchor_number
        left join {{ scratch }}_former as others_former
            on others_former.identifier_number = edges.other_number
            and others_former.person_id = gone.person_id
        where others_former.identifier_number is null

    )

    select
        case when best_of_group.person_id is null then 'created' else 'split' end as event,
        names.person_id,
        best_of_group.person_id as other_person_id,
        case when best_of_group.person_id is null then seen.first_seen_at else {{ as_of() }} end
            as effective_at,
        cast(null as {{ string_type() }}) as cause_edge_id
    from {{ scratch }}_names as names
    inner join seen on seen.anchor_number = names.anchor_number
    left join best_of_group on best_of_group.anchor_number = names.anchor_number
    where names.is_new
    union all
    select
        case when heirs.person_id is null then 'retired' else 'merged' end as event,
        gone.person_id,
        heirs.person_id as other_person_id,
        coalesce(bridges.first_seen_at, {{ as_of() }}) as effective_at,
        bridges.edge_id as cause_edge_id
    from gone
    left join best_of_person on best_of_person.person_id = gone.person_id
    left join {{ scratch }}_names as heirs on heirs.anchor_number = best_of_person.anchor_number
    left join bridges on bridges.person_id = gone.person_id and bridges.place = 1
{%- endmacro %}

{# Who was merged leads to its heir, and so does whoever led to it: never a chain. An id that came back,
   and one that led to somebody who is gone for good, leads nowhere. #}
{% macro insert_redirects(scratch, sequence) -%}
    insert into ops.person_redirects
    with

    latest as (

        select * from {{ last_of('ops.person_redirects', 'old_person_id') }} as redirects

    ),

    redirects as (

        select
            person_id as old_person_id,
            other_person_id as person_id
        from {{ scratch }}_events
        where event = 'merged'
        union all
        select
            latest.old_person_id,
            events.other_person_id as person_id
        from latest
        inner join {{ scratch }}_events as events on events.person_id = latest.person_id
        where
            events.event in ('merged', 'retired')
            and latest.old_person_id not in (select person_id from {{ scratch }}_events)
        union all
        select
            latest.old_person_id,
            cast(null as {{ string_type() }}) as person_id
        from latest
        inner join {{ scratch }}_events as events on events.person_id = latest.old_person_id
        where events.event in ('created', 'split')

    )

    select
        redirects.old_person_id,
        redirects.person_id,
        {{ as_of() }} as redirected_at,
        cast({{ sequence }} as bigint) as sequence
    from redirects
    left join latest
        on latest.old_person_id = redirects.old_person_id
        and coalesce(latest.person_id, '') = coalesce(redirects.person_id, '')
    where latest.old_person_id is null
{%- endmacro %}

{# Identifiers that are another person's now, or nobody's. #}
{% macro insert_history(scratch, sequence) -%}
    insert into ops.identifier_history
    select
        former.identifier_number,
        former.person_id,
        former.known_from,
        {{ as_of() }} as known_to,
        {{ as_of_of_the_last_build() }} as last_as_of,
        cast({{ sequence }} as bigint) as sequence
    from {{ scratch }}_former as former
    left join {{ scratch }}_named as named
        on named.identifier_number = former.identifier_number
        and named.person_id = former.person_id
    where named.identifier_number is null
{%- endmacro %}

{# Records loaded before it were resolved by the former rows. #}
{% macro as_of_of_the_last_build() -%}
    {%- if target.type == 'duckdb' -%}
        {%- set found = run_query("select as_of from increments.states
            where model = '" ~ this.identifier ~ "'").rows -%}
        {%- if found | length > 0 -%} {%- do return("timestamp '" ~ found[0][0] ~ "'") -%} {%- endif -%}
    {%- endif -%}
    {%- do return(as_of()) -%}
{%- endmacro %}

{# Subquery: edges that may join clusters, from either end. #}
{% macro kept_edge_ends() -%}
{%- set links = '(select * from ' ~ ref('int_identity__edges')
    ~ " where status in ('kept', 'manual', 'probabilistic'))" -%}
(
    select number_a as identifier_number, number_b as other_number, edge_id, first_seen_at
    from {{ links }} as links
    union all
    select number_b as identifier_number, number_a as other_number, edge_id, first_seen_at
    from {{ links }} as links
)
{%- endmacro %}
