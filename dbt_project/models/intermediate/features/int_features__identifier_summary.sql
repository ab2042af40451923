-- Grain: one row per cutoff and person with an identifier known by then.
{% call touched() %}
    {{ touched_cutoff_features() }}
{% endcall %}
with

known_observations as (

    {{ identity_known_observations(
        '(' ~ touched_rows(ref('int_features__cutoffs')) ~ ')'
    ) }}

),

identifier_keys as (

    select * from {{ ref('int_identity__keys') }}

),

set_persons as (

    select * from {{ ref('int_identity__set_persons_at_cutoff') }}
    where person_id is not null

),

final as (

    select
        set_persons.cutoff_at,
        set_persons.person_id,
        min(known_observations.observed_at) as first_seen_at,
        count(distinct known_observations.identifier_number) as identifier_count,
        count(distinct known_observations.source) as source_count,
    {% for identifier_type in ['email', 'phone', 'push_token', 'loyalty_id', 'customer_id'] %}
        max(case when identifier_keys.identifier_type = '{{ identifier_type }}' then 1 else 0 end)
        = 1 as has_{{ identifier_type }}{{ ',' if not loop.last }}
    {% endfor %}
    from set_persons
    inner join known_observations
        on set_persons.cutoff_at = known_observations.cutoff_at
            and set_persons.set_key = known_observations.set_key
            and set_persons.cutoff_at > known_observations.observed_at
            -- valid, not blocked, and of a person or a device (not of a household)
            and known_observations.can_link
    inner join identifier_keys
        on known_observations.identifier_number = identifier_keys.identifier_number
    -- valid, not blocked, and of a person or a device (not of a household)
    where
        known_observations.can_link
        and known_observations.observed_at < known_observations.cutoff_at
    group by set_persons.cutoff_at, set_persons.person_id

)

select * from final
