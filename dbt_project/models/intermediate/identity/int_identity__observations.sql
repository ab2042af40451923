-- Grain: one row per delivered version of an identifier of a record.
with

identifiers as (

    select * from {{ ref('int_identity__located_identifiers') }}

),

records as (

    select * from {{ ref('int_identity__records') }}

),

identifier_values as (

    select
        identifier_values.source_identifier_type,
        identifier_values.raw_value,
        identifier_values.region,
        identifier_keys.*
    from {{ ref('int_identity__values') }} as identifier_values
    inner join {{ ref('int_identity__keys') }} as identifier_keys
        on identifier_values.identifier_key = identifier_keys.identifier_key

),

final as (

    select
        identifiers.source,
        identifiers.record_id,
        records.record_number,
        identifier_values.identifier_type,
        identifier_values.identifier_key,
        identifier_values.identifier_number,
        identifier_values.scope,
        identifier_values.is_valid,
        identifier_values.can_link,
        identifiers.observed_at,
        identifiers.loaded_at,
        identifiers.superseded_at,
        identifiers.is_authenticated
    from identifiers
    inner join records
        on identifiers.source = records.source
            and identifiers.record_id = records.record_id
    inner join identifier_values
        on identifiers.identifier_type = identifier_values.source_identifier_type
            and identifiers.identifier_value = identifier_values.raw_value
            and identifiers.region = identifier_values.region

)

select * from final
