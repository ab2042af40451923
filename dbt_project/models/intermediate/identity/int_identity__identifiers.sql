-- Grain: one row per identifier_key that a current record carries.
{% call touched() %}
    select identifier_number from {{ changes(ref('int_identity__known_observations')) }}
    union all
    select identifier_number from {{ changes(ref('int_identity__keys')) }}
    union all
    select identifier_number from {{ changes(ref('int_identity__hubs')) }}
    union all
    select identifier_number from {{ changes(ref('int_identity__clusters')) }}
{% endcall %}
with

seen as (

    select
        identifier_number,
        min(observed_at) as first_seen_at,
        max(last_observed_at) as last_seen_at,
        min(loaded_at) as first_loaded_at,
        max(case when is_authenticated then last_observed_at end) as last_authenticated_at,
        {{ value_at_max('source', ['last_observed_at', 'source']) }} as last_source,
        cast(sum(record_count) as bigint) as observation_count
    from ({{ touched_rows(ref('int_identity__known_observations')) }}) as known_observations
    group by identifier_number

),

identifier_keys as (

    select * from {{ ref('int_identity__keys') }}

),

hubs as (

    select * from {{ ref('int_identity__hubs') }}

),

clusters as (

    select * from {{ ref('int_identity__clusters') }}

),

final as (

    select
        identifier_keys.identifier_key,
        identifier_keys.identifier_number,
        identifier_keys.identifier_type,
        identifier_keys.scope,
        identifier_keys.type_rank,
        clusters.person_id,
        case
            when not identifier_keys.is_valid then 'invalid'
            when identifier_keys.is_blocked then 'blocked'
            when hubs.identifier_number is not null then 'hub'
            when clusters.identifier_number is not null then 'linking'
            else 'not_linking'
        end as status,
        identifier_keys.is_valid and not identifier_keys.is_blocked as is_valid,
        coalesce(identifier_keys.invalid_reason, identifier_keys.block_reason) as invalid_reason,
        coalesce(clusters.met_person_count, 0) as met_person_count,
        seen.first_seen_at,
        seen.last_seen_at,
        seen.first_loaded_at,
        seen.last_authenticated_at,
        seen.last_source,
        seen.observation_count
    from seen
    inner join identifier_keys on seen.identifier_number = identifier_keys.identifier_number
    left join hubs on seen.identifier_number = hubs.identifier_number
    left join clusters on seen.identifier_number = clusters.identifier_number

)

select * from final
