-- Grain: one row per person and preference: what the person said last; what was only inferred
-- counts as long as nothing was said.
{% call touched() %}
    {{ touched_owners('preferences') }}
{% endcall %}
with

preferences as (

    select * from {{ ref('int_contracts__preferences') }}

),

record_persons as (

    {{ touched_rows(
        '(' ~ record_persons_of(ref('int_contracts__preferences')) ~ ') as told', 'person_id'
    ) }}

),

statements as (

    select
        record_persons.person_id,
        preferences.preference,
        preferences.value,
        coalesce(preferences.is_explicit, false) as is_explicit,
        preferences.occurred_at,
        preferences.loaded_at,
        preferences.source,
        preferences.record_id,
        -- several values of one record and instant (three topics ticked) are one statement
        dense_rank() over (
            partition by record_persons.person_id, preferences.preference
            order by
                case when preferences.is_explicit then 0 else 1 end,
                preferences.occurred_at desc,
                preferences.source asc,
                preferences.record_id asc
        ) as statement_rank
    from preferences
    inner join record_persons
        on preferences.record_key = record_persons.record_key
    where
        preferences.superseded_at is null
        and record_persons.person_id is not null

),

final as (

    select
        person_id,
        preference,
        {{ distinct_text('value') }} as value,
        is_explicit,
        occurred_at as since,
        source,
        max(loaded_at) as loaded_at
    from statements
    where statement_rank = 1
    group by person_id, preference, is_explicit, occurred_at, source

)

select * from final
