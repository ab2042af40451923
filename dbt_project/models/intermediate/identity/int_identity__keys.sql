-- Grain: one row per identifier_key.
-- identifier_number is smaller for a stronger type, so the strongest identifier of a record is the
-- smallest number: the steps after this one compare integers only.
{% call touched() %}
    select identifier_number from {{ changes(ref('int_identity__values')) }}
    union all
    select identifier_number from {{ ref('int_identity__values') }}
    where identifier_key in (
            select identifier_key from {{ changes(ref('int_identity__blocked')) }}
        )
{% endcall %}
with

identifier_values as (

    select
        identifier_number,
        identifier_key,
        identifier_type,
        -- who tells the hash alone cannot know that the address behind it is none
        max(invalid_reason) as invalid_reason
    from {{ ref('int_identity__values') }}
    where {{ is_touched('identifier_number') }}
    group by identifier_number, identifier_key, identifier_type

),

blocked as (

    select * from {{ ref('int_identity__blocked') }}

),

identifier_types as (

    select * from {{ ref('identifier_types') }}

),

final as (

    select
        identifier_values.identifier_number,
        identifier_values.identifier_key,
        identifier_values.identifier_type,
        coalesce(identifier_types.scope, 'unknown') as scope,
        coalesce(identifier_types.rank, 99) as type_rank,
        identifier_types.hub_limit,
        identifier_types.ttl_days,
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
    from identifier_values
    left join blocked on identifier_values.identifier_key = blocked.identifier_key
    left join identifier_types
        on identifier_values.identifier_type = identifier_types.identifier_type

)

select * from final
