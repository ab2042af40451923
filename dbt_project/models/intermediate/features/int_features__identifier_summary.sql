-- Grain: one row per cutoff and person with an identifier known by then.
with

cutoffs as (

    select * from {{ ref('int_features__cutoffs') }}

),

observations as (

    select * from {{ ref('int_identity__observations') }}

),

record_persons as (

    select * from {{ ref('int_identity__record_persons_at_cutoff') }}

),

known as (

    select
        cutoffs.cutoff_at,
        observations.source,
        observations.record_id,
        observations.identifier_type,
        observations.identifier_key,
        observations.observed_at
    from observations
    inner join cutoffs
        on observations.observed_at < cutoffs.cutoff_at
            and {{ known_at_cutoff('observations') }}
    -- valid, not blocked, and of a person or a device (not of a household)
    where observations.can_link

),

final as (

    select
        known.cutoff_at,
        record_persons.person_id,
        min(known.observed_at) as first_seen_at,
        count(distinct known.identifier_key) as identifier_count,
        count(distinct known.source) as source_count,
    {% for identifier_type in ['email', 'phone', 'push_token', 'loyalty_id', 'customer_id'] %}
        max(case when known.identifier_type = '{{ identifier_type }}' then 1 else 0 end) = 1
            as has_{{ identifier_type }}{{ ',' if not loop.last }}
    {% endfor %}
    from known
    inner join record_persons
        on known.cutoff_at = record_persons.cutoff_at
            and known.source = record_persons.source
            and known.record_id = record_persons.record_id
    where record_persons.person_id is not null
    group by known.cutoff_at, record_persons.person_id

)

select * from final
