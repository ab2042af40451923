{# Materialization: ids that stay with their persons (identity.md, step 6).

   The model's SELECT gives the present groups, one row per identifier that links: identifier_number,
   anchor_number (the identifier that stands for its group), is_strong (it is of scope person),
   first_seen_at, first_loaded_at. The table has one row per identifier:
       identifier_number  bigint
       anchor_number      bigint
       person_id          string, the id of the group
       person_number      bigint, macro person_number of it
       known_from         timestamp, since when the warehouse takes it for this person's

   The table is state: what it held before the build, also before one with --full-refresh, says who was
   who. Pairs of a former person and a present group that share identifiers are put in order: shared
   strong identifiers, all shared ones, the former id. They are taken one by one; each person and each
   group is used once. For groups that are left it is done again with ids that were given up, by whose
   an identifier was last (ops.identifier_history): so an id comes back when its evidence or the rules
   do. Who is left then gets the first hash of (anchor, generation) that nobody ever had. Greedy in the
   order is reached in rounds, in parallel: a pair that is the best one of both its ends is taken.
   (An identifier goes by its number, which has the rank of its type in it: a type of another rank is new.)

   Only persons and groups that something happened to are looked at: `moved` identifiers came, left, or
   are in a group of another anchor. What happened is written down in schema ops (person_events.sql).
   `diffed` on identifier_number where it is built again (increment_materialization.sql). #}

{% materialization stable_ids, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {% set scratch = 'naming_' ~ this.identifier %}
    {% do name_persons(scratch, load_cached_relation(this)) %}
    {% do duckdb__store_differences(
        target_relation, 'select * from ' ~ scratch ~ '_named', also=person_event_inserts(scratch)) %}
    {% do drop_naming_tables(scratch) %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% materialization stable_ids, adapter='spark', supported_languages=['sql'] %}
    {{ run_hooks(pre_hooks) }}
    {#- every build is a full one, with the ledger of its own: ids are those of a fresh warehouse -#}
    {% set scratch = this.schema ~ '.naming_' ~ this.identifier %}
    {% do name_persons(scratch, none) %}
    {% for statement in person_event_inserts(scratch) %} {% do run_and_commit(statement) %} {% endfor %}
    {% set result = spark__keep_scratch_table(scratch ~ '_named', 'select * from ' ~ scratch ~ '_named') %}
    {% do drop_naming_tables(scratch) %}
    {{ return(result) }}
{% endmaterialization %}

{# Leaves the new rows in <scratch>_named, and what happened in <scratch>_events. #}
{% macro name_persons(scratch, former_relation) -%}
    {% do contraction_table(scratch ~ '_members', compiled_code) %}
    {% do contraction_table(scratch ~ '_former', former_relation
        and 'select * from ' ~ former_relation or empty_names()) %}
    {% do find_moved(scratch) %}
    {% do match_persons(scratch, '_pairs', '_matches') %}
    {% do find_given_up(scratch) %}
    {% do match_persons(scratch, '_returns', '_returned') %}
    {% do name_new_groups(scratch) %}
    {% do contraction_table(scratch ~ '_named', "
        select
            members.identifier_number,
            members.anchor_number,
            coalesce(names.person_id, former.person_id) as person_id,
            " ~ person_number('coalesce(names.person_id, former.person_id)') ~ " as person_number,
            case
                when former.person_id is null and left_before.identifier_number is null
                    then members.first_loaded_at
                when former.person_id is null then " ~ as_of() ~ "
                when names.person_id is null or names.person_id = former.person_id
                    then former.known_from
                else " ~ as_of() ~ "
            end as known_from
        from " ~ scratch ~ "_members as members
        left join " ~ scratch ~ "_names as names on names.anchor_number = members.anchor_number
        left join " ~ scratch ~ "_former as former
            on former.identifier_number = members.identifier_number
        left join (select distinct identifier_number from ops.identifier_history) as left_before
            on left_before.identifier_number = members.identifier_number"
    ) %}
    {% do check_identity_gates(scratch) %}
    {% do contraction_table(scratch ~ '_events', person_events_of(scratch)) %}
{%- endmacro %}

{% macro empty_names() -%}
    select
        cast(null as bigint) as identifier_number,
        cast(null as bigint) as anchor_number,
        cast(null as {{ string_type() }}) as person_id,
        cast(null as bigint) as person_number,
        cast(null as timestamp) as known_from
    where 1 = 0
{%- endmacro %}

{# Groups that get a name (_open_groups), and the former persons who may claim one (_open_persons): with
   a group all former persons of its members, and with a person all groups that have one of its. #}
{% macro find_moved(scratch) -%}
    {% do contraction_table(scratch ~ '_moved', "
        select
            members.anchor_number,
            former.person_id
        from " ~ scratch ~ "_members as members
        full outer join " ~ scratch ~ "_former as former
            on former.identifier_number = members.identifier_number
        where members.identifier_number is null or former.identifier_number is null
            or members.anchor_number <> former.anchor_number"
    ) %}
    {% do contraction_table(scratch ~ '_open_persons', "
        select person_id from " ~ scratch ~ "_moved where person_id is not null
        union
        select former.person_id
        from " ~ scratch ~ "_former as former
        inner join " ~ scratch ~ "_members as members
            on members.identifier_number = former.identifier_number
        where members.anchor_number in (
            select anchor_number from " ~ scratch ~ "_moved where anchor_number is not null)"
    ) %}
    {% do contraction_table(scratch ~ '_pairs_0', ordered_pairs("
        select former.person_id, members.anchor_number, members.is_strong
        from " ~ scratch ~ "_former as former
        inner join " ~ scratch ~ "_members as members
            on members.identifier_number = former.identifier_number
        where former.person_id in (select person_id from " ~ scratch ~ "_open_persons)")
    ) %}
    {% do contraction_table(scratch ~ '_open_groups', "
        select anchor_number from " ~ scratch ~ "_moved where anchor_number is not null
        union
        select anchor_number from " ~ scratch ~ "_pairs_0"
    ) %}
{%- endmacro %}

{# Pairs of a person and a group in the order in which they are taken, from one row per shared
   identifier. #}
{% macro ordered_pairs(shared) -%}
    select
        *,
        row_number() over (order by strong_count desc, shared_count desc, person_id, anchor_number)
            as pair_order
    from (
        select
            person_id,
            anchor_number,
            sum(case when is_strong then 1 else 0 end) as strong_count,
            count(*) as shared_count
        from ({{ shared }}) as shared
        group by person_id, anchor_number
    ) as pairs
{%- endmacro %}

{# Ids that nobody has (any more), and the groups without a person that have what was theirs last. #}
{% macro find_given_up(scratch) -%}
    {% do contraction_table(scratch ~ '_returns_0', ordered_pairs("
        select history.person_id, members.anchor_number, members.is_strong
        from " ~ last_of('ops.identifier_history', 'identifier_number') ~ " as history
        inner join " ~ scratch ~ "_members as members
            on members.identifier_number = history.identifier_number
        where
            members.anchor_number in (select anchor_number from " ~ scratch ~ "_open_groups)
            and members.anchor_number not in (select anchor_number from " ~ scratch ~ "_matches)
            and history.person_id not in (select person_id from " ~ scratch ~ "_matches)
            and history.person_id not in (
                select person_id from " ~ scratch ~ "_former
                where person_id not in (select person_id from " ~ scratch ~ "_open_persons))")
    ) %}
{%- endmacro %}

{# More rounds than any real graph needs: so many groups would have to want one another's names. #}
{% macro naming_rounds() -%} {%- do return(1000) -%} {%- endmacro %}

{# Takes the pairs of <scratch><pairs>_0 in rounds: which group goes on as which person. That table stays,
   those of the rounds go. #}
{% macro match_persons(scratch, pairs, matches) -%}
    {% set left = scratch ~ pairs ~ '_' %}
    {% set taken = scratch ~ matches ~ '_' %}
    {% set best = scratch ~ '_best_pairs' %}
    {% do contraction_table(taken ~ 0, '
        select person_id, anchor_number from ' ~ left ~ '0 where 1 = 0') %}
    {% set now = namespace(pairs=single_value('select count(*) from ' ~ left ~ '0'), round=0) %}
    {% for round in range(naming_rounds()) %}
        {% if now.pairs > 0 %}
            {% do contraction_table(best, "
                select pairs.person_id, pairs.anchor_number
                from " ~ left ~ round ~ " as pairs
                inner join (
                    select person_id, min(pair_order) as pair_order
                    from " ~ left ~ round ~ " group by person_id
                ) as of_person
                    on of_person.person_id = pairs.person_id and of_person.pair_order = pairs.pair_order
                inner join (
                    select anchor_number, min(pair_order) as pair_order
                    from " ~ left ~ round ~ " group by anchor_number
                ) as of_group
                    on of_group.anchor_number = pairs.anchor_number
                    and of_group.pair_order = pairs.pair_order"
            ) %}
            {% do contraction_table(taken ~ (round + 1), "
                select person_id, anchor_number from " ~ taken ~ round ~ "
                union all
                select person_id, anchor_number from " ~ best
            ) %}
            {% do contraction_table(left ~ (round + 1), "
                select * from " ~ left ~ round ~ "
                where person_id not in (select person_id from " ~ best ~ ")
                    and anchor_number not in (select anchor_number from " ~ best ~ ")"
            ) %}
            {% do run_and_commit('drop table ' ~ best) %}
            {% do run_and_commit('drop table ' ~ taken ~ round) %}
            {% if round > 0 %} {% do run_and_commit('drop table ' ~ left ~ round) %} {% endif %}
            {% set now.round = round + 1 %}
            {% set now.pairs = single_value('select count(*) from ' ~ left ~ now.round) %}
        {% endif %}
    {% endfor %}
    {% if now.pairs > 0 %}
        {% do exceptions.raise_compiler_error(
            'stable ids: ' ~ now.pairs ~ ' pairs of a person and a group left after '
            ~ naming_rounds() ~ ' rounds') %}
    {% endif %}
    {% do contraction_table(scratch ~ matches, '
        select person_id, anchor_number from ' ~ taken ~ now.round) %}
    {% do run_and_commit('drop table ' ~ taken ~ now.round) %}
    {% if now.round > 0 %} {% do run_and_commit('drop table ' ~ left ~ now.round) %} {% endif %}
{%- endmacro %}

{# _names: every open group with its id; is_new where no former person goes on in it. A new id is one that
   nobody ever had. #}
{% macro name_new_groups(scratch) -%}
    {% do contraction_table(scratch ~ '_taken', "
        select person_id from " ~ scratch ~ "_former
        union
        select person_id from ops.person_events"
    ) %}
    {% do contraction_table(scratch ~ '_names_0', "
        select
            open_groups.anchor_number,
            anchors.identifier_key as anchor_key,
            coalesce(matches.person_id, returned.person_id) as person_id,
            matches.person_id is null as is_new
        from " ~ scratch ~ "_open_groups as open_groups
        inner join " ~ ref('int_identity__keys') ~ " as anchors
            on anchors.identifier_number = open_groups.anchor_number
        left join " ~ scratch ~ "_matches as matches
            on matches.anchor_number = open_groups.anchor_number
        left join " ~ scratch ~ "_returned as returned
            on returned.anchor_number = open_groups.anchor_number"
    ) %}
    {% set left = namespace(
        groups=single_value('select count(*) from ' ~ scratch ~ '_names_0 where person_id is null'),
        generation=0) %}
    {% for generation in range(naming_rounds()) %}
        {% if left.groups > 0 %}
            {% set names = scratch ~ '_names_' ~ generation %}
            {% set left.generation = generation + 1 %}
            {% do contraction_table(scratch ~ '_names_' ~ left.generation, "
                select
                    candidates.anchor_number,
                    candidates.anchor_key,
                    coalesce(
                        candidates.person_id,
                        case when taken.person_id is null then candidates.candidate_id end
                    ) as person_id,
                    candidates.is_new
                from (
                    select *, " ~ person_id('anchor_key', generation) ~ " as candidate_id
                    from " ~ names ~ "
                ) as candidates
                left join " ~ scratch ~ "_taken as taken
                    on taken.person_id = candidates.candidate_id"
            ) %}
            {% do run_and_commit('drop table ' ~ names) %}
            {% set left.groups = single_value('select count(*) from '
                ~ scratch ~ '_names_' ~ left.generation ~ ' where person_id is null') %}
        {% endif %}
    {% endfor %}
    {% if left.groups > 0 %}
        {% do exceptions.raise_compiler_error('stable ids: no free id for ' ~ left.groups ~ ' groups') %}
    {% endif %}
    {% do contraction_table(scratch ~ '_names', '
        select anchor_number, person_id, is_new from ' ~ scratch ~ '_names_' ~ left.generation) %}
    {% do run_and_commit('drop table ' ~ scratch ~ '_names_' ~ left.generation) %}
{%- endmacro %}

{% macro drop_naming_tables(scratch) -%}
    {% for name in ['members', 'former', 'moved', 'open_persons', 'open_groups', 'pairs_0', 'returns_0',
        'matches', 'returned', 'taken', 'names', 'named', 'events'] %}
        {% do run_and_commit('drop table if exists ' ~ scratch ~ '_' ~ name) %}
    {% endfor %}
{%- endmacro %}
