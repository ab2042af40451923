-- Grain: one row per (source_identifier_type, raw_value, region).
with

identifiers as (

    select * from {{ ref('int_identity__located_identifiers') }}

),

identifier_types as (

    select * from {{ ref('identifier_types') }}

),

phone_numbers as (

    select
        raw,
        region,
        max(e164) as e164,
        max(kind) as kind
    from {{ source('keys', 'phone_numbers') }}
    group by raw, region

),

hash_keys as (

    select hash_key from {{ source('keys', 'hash_keys') }}

),

distinct_values as (

    select distinct
        identifier_type as source_identifier_type,
        identifier_value as raw_value,
        region
    from identifiers

),

-- a region that the landing step did not foresee is read as the tenant's own
numbers as (

    select
        distinct_values.raw_value,
        distinct_values.region,
        case when own_region.raw is not null then own_region.e164 else default_region.e164 end
            as e164,
        case when own_region.raw is not null then own_region.kind else default_region.kind end
            as kind
    from distinct_values
    left join phone_numbers as own_region
        on distinct_values.raw_value = own_region.raw
            and distinct_values.region = own_region.region
    left join phone_numbers as default_region
        on distinct_values.raw_value = default_region.raw
            and default_region.region = {{ setting('country_code') }}
    where distinct_values.region <> '-'

),

typed as (

    select
        distinct_values.source_identifier_type,
        distinct_values.raw_value,
        distinct_values.region,
        case
            when identifier_types.normaliser = 'phone' and {{ is_landline_kind('numbers.kind') }}
                then 'landline'
            else distinct_values.source_identifier_type
        end as identifier_type,
        identifier_types.identifier_type is not null as is_known_type,
        coalesce(identifier_types.normaliser, 'trim') as normaliser,
        {{ normalise_text('distinct_values.raw_value') }} as trimmed_value,
        {{ normalise_identifier(
            'distinct_values.raw_value', 'identifier_types.normaliser', 'numbers.e164'
        ) }} as normalised_value
    from distinct_values
    left join identifier_types
        on distinct_values.source_identifier_type = identifier_types.identifier_type
    left join numbers
        on distinct_values.raw_value = numbers.raw_value
            and distinct_values.region = numbers.region

),

validated as (

    select
        *,
        coalesce(normalised_value, trimmed_value, '') as identifier_value,
        case
            when not is_known_type then 'unknown_type'
            when trimmed_value is null then 'empty'
            when normaliser = 'phone' and normalised_value is null then 'no_possible_number'
            when normaliser = 'email' and ({{ is_email_shaped('normalised_value') }}) is not true
                then 'no_email_address'
        end as invalid_reason
    from typed

),

final as (

    select
        validated.source_identifier_type,
        validated.raw_value,
        validated.region,
        validated.identifier_type,
        validated.identifier_value,
        {{ identifier_key(
            'hash_keys.hash_key', 'validated.identifier_type', 'validated.identifier_value'
        ) }} as identifier_key,
        lower(validated.trimmed_value) as compared_value,
        validated.invalid_reason
    from validated
    cross join hash_keys

)

select * from final
