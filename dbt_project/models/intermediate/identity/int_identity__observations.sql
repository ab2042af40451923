-- Grain: one row per delivered version of an identifier of a record.
with

identifiers as (

    select * from {{ ref('int_identity__located_identifiers') }}

),

identifier_values as (

    select * from {{ ref('int_identity__values') }}

),

blocked as (

    select * from {{ ref('int_identity__blocked') }}

),

identifier_types as (

    select * from {{ ref('identifier_types') }}

),

final as (

    select
        identifiers.source,
        identifiers.record_id,
        identifier_values.identifier_type,
        identifier_values.identifier_key,
        coalesce(identifier_types.scope, 'unknown') as scope,
        coalesce(identifier_types.rank, 99) as type_rank,
        identifier_types.hub_limit,
        identifiers.observed_at,
        identifiers.loaded_at,
        identifiers.superseded_at,
        identifiers.is_authenticated,
        identifier_values.invalid_reason is null as is_valid,
        identifier_values.invalid_reason,
        blocked.identifier_key is not null as is_blocked,
        blocked.block_reason,
        coalesce(
            identifier_values.invalid_reason is null
            and blocked.identifier_key is null
            and identifier_types.can_link
            and identifier_types.scope in ('person', 'device'),
            false
        ) as can_link
    from identifiers
    inner join identifier_values
        on identifier_values.source_identifier_type = identifiers.identifier_type
        and identifier_values.raw_value = identifiers.identifier_value
        and identifier_values.region = identifiers.region
    left join blocked on blocked.identifier_key = identifier_values.identifier_key
    left join identifier_types
        on identifier_types.identifier_type = identifier_values.identifier_type

)

select * from final
