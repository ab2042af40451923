-- Grain: one row per identifier_key.
with

observations as (

    select * from {{ ref('int_identity__known_observations') }}

),

hubs as (

    select * from {{ ref('int_identity__hubs') }}

),

clusters as (

    select * from {{ ref('int_identity__clusters') }}

),

grouped as (

    select
        identifier_key,
        min(identifier_type) as identifier_type,
        min(scope) as scope,
        min(type_rank) as type_rank,
        max(case when is_valid then 0 else 1 end) = 0 as is_valid,
        min(invalid_reason) as invalid_reason,
        max(case when is_blocked then 1 else 0 end) = 1 as is_blocked,
        min(block_reason) as block_reason,
        min(observed_at) as first_seen_at,
        max(observed_at) as last_seen_at,
        min(loaded_at) as first_loaded_at,
        max(case when is_authenticated then observed_at end) as last_authenticated_at,
        {{ value_at_max('source', ['observed_at', 'loaded_at', 'source']) }} as last_source,
        count(*) as observation_count
    from observations
    group by identifier_key

),

final as (

    select
        grouped.identifier_key,
        grouped.identifier_type,
        grouped.scope,
        grouped.type_rank,
        clusters.person_id,
        case
            when not grouped.is_valid then 'invalid'
            when grouped.is_blocked then 'blocked'
            when hubs.identifier_key is not null then 'hub'
            when clusters.identifier_key is not null then 'linking'
            else 'not_linking'
        end as status,
        grouped.is_valid and not grouped.is_blocked as is_valid,
        coalesce(grouped.invalid_reason, grouped.block_reason) as invalid_reason,
        coalesce(clusters.met_person_count, 0) as met_person_count,
        grouped.first_seen_at,
        grouped.last_seen_at,
        grouped.first_loaded_at,
        grouped.last_authenticated_at,
        grouped.last_source,
        grouped.observation_count
    from grouped
    left join hubs on hubs.identifier_key = grouped.identifier_key
    left join clusters on clusters.identifier_key = grouped.identifier_key

)

select * from final
