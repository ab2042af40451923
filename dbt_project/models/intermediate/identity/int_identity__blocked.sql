-- Grain: one row per blocked identifier_key.
with

known_values as (

    select * from {{ ref('int_identity__values') }}
    where invalid_reason is null

),

identifier_types as (

    select identifier_type from {{ ref('identifier_types') }}

),

blocklist as (

    select
        identifier_types.identifier_type,
        identifier_blocklist.match_kind,
        identifier_blocklist.pattern,
        identifier_blocklist.reason
    from {{ ref('identifier_blocklist') }} as identifier_blocklist
    inner join identifier_types
        on identifier_blocklist.identifier_type in ('any', identifier_types.identifier_type)

),

by_value as (

    select
        known_values.identifier_key,
        blocklist.reason
    from known_values
    inner join blocklist
        on blocklist.match_kind = 'value'
            and known_values.identifier_type = blocklist.identifier_type
            and known_values.compared_value = blocklist.pattern

    union all

    select
        known_values.identifier_key,
        blocklist.reason
    from known_values
    inner join blocklist
        on blocklist.match_kind = 'value'
            and known_values.identifier_type = blocklist.identifier_type
            and blocklist.pattern = lower(known_values.identifier_value)

),

by_pattern as (

    select
        known_values.identifier_key,
        blocklist.reason
    from known_values
    inner join blocklist
        on blocklist.match_kind = 'like'
            and known_values.identifier_type = blocklist.identifier_type
            and lower(known_values.identifier_value) like blocklist.pattern

),

by_rule as (

    select
        identifier_key_a as identifier_key,
        'manual rule' as reason
    from {{ ref('int_identity__manual_rules') }}
    where rule = 'block_value'

),

unioned as (

    select * from by_value
    union all
    select * from by_pattern
    union all
    select * from by_rule

),

final as (

    select
        identifier_key,
        min(reason) as block_reason
    from unioned
    group by identifier_key

)

select * from final
