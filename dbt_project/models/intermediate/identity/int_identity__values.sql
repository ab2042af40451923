-- Grain: one row per (source_identifier_type, raw_value, region).
-- A value that no record carries any more stays here until the next full build: nothing reads it.
-- A type may be told as `<type>_key`: the value is then the keyed hash itself, from whoever never
-- sees the address (the preference centre), and meets the rows of the address under its key.
{%- set changed = changed_files(sources_across_files('identifiers')) %}
{%- set moved = is_of_other_region(ref('int_identity__contact_regions')) %}
{%- set value_key = row_key(['identifier_type', 'identifier_value', 'region']) %}
{% call touched() %}
    select {{ value_key }} as value_key
    from {{ ref('int_identity__located_identifiers') }} {{ where_arrived(changed, moved) }}
{% endcall %}
with

identifiers as (

    select * from {{ ref('int_identity__located_identifiers') }}
    {{ where_arrived(changed, moved) }}

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

-- what was erased links nobody any more, also where a raw table is read in place and still has it
erased as (

    select distinct identifier_key from {{ source('ops', 'erasures') }}
    where lifted_at is null

),

distinct_values as (

    select distinct
        identifier_type as source_identifier_type,
        identifier_value as raw_value,
        region
    from identifiers

),

-- one value may stand for a phone here and for a landline there
distinct_numbers as (

    select distinct
        raw_value,
        region
    from distinct_values
    where region <> '-'

),

-- a region that the landing step did not foresee is read as the tenant's own
numbers as (

    select
        distinct_numbers.raw_value,
        distinct_numbers.region,
        case when own_region.raw is not null then own_region.e164 else default_region.e164 end
            as e164,
        case when own_region.raw is not null then own_region.kind else default_region.kind end
            as kind
    from distinct_numbers
    left join phone_numbers as own_region
        on distinct_numbers.raw_value = own_region.raw
            and distinct_numbers.region = own_region.region
    left join phone_numbers as default_region
        on distinct_numbers.raw_value = default_region.raw
            and default_region.region = {{ setting('country_code') }}

),

typed as (

    select
        distinct_values.source_identifier_type,
        distinct_values.raw_value,
        distinct_values.region,
        case
            when identifier_types.normaliser = 'phone' and {{ is_landline_kind('numbers.kind') }}
                then 'landline'
            else coalesce(keyed_types.identifier_type, distinct_values.source_identifier_type)
        end as identifier_type,
        keyed_types.identifier_type is not null as is_key,
        coalesce(identifier_types.identifier_type, keyed_types.identifier_type) is not null
            as is_known_type,
        coalesce(identifier_types.normaliser, 'trim') as normaliser,
        {{ normalise_text('distinct_values.raw_value') }} as trimmed_value,
        {{ normalise_identifier(
            'distinct_values.raw_value', 'identifier_types.normaliser', 'numbers.e164'
        ) }} as normalised_value
    from distinct_values
    left join identifier_types
        on distinct_values.source_identifier_type = identifier_types.identifier_type
    left join identifier_types as keyed_types
        on distinct_values.source_identifier_type = concat(keyed_types.identifier_type, '_key')
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
            when is_key and ({{ is_key_shaped('trimmed_value') }}) is not true then 'no_key'
            when normaliser = 'phone' and normalised_value is null then 'no_possible_number'
            when normaliser = 'email' and ({{ is_email_shaped('normalised_value') }}) is not true
                then 'no_email_address'
        end as invalid_reason
    from typed

),

keyed as (

    select
        validated.*,
        case
            when validated.is_key and validated.invalid_reason is null then validated.trimmed_value
            else {{ identifier_key(
                'hash_keys.hash_key', 'validated.identifier_type', 'validated.identifier_value'
            ) }}
        end as identifier_key
    from validated
    cross join hash_keys

),

final as (

    select
        keyed.source_identifier_type,
        keyed.raw_value,
        keyed.region,
        {{ row_key(['keyed.source_identifier_type', 'keyed.raw_value', 'keyed.region']) }}
            as value_key,
        keyed.identifier_type,
        case
            when erased.identifier_key is not null then '(erased)'
            when not keyed.is_key then keyed.identifier_value
        end as identifier_value,
        keyed.identifier_key,
        {{ identifier_number('coalesce(identifier_types.rank, 99)', 'keyed.identifier_key') }}
            as identifier_number,
        case
            when erased.identifier_key is null and not keyed.is_key then lower(keyed.trimmed_value)
        end as compared_value,
        case when erased.identifier_key is null then keyed.invalid_reason else 'erased' end
            as invalid_reason
    from keyed
    -- the type after normalising: a fixed-line phone is a landline
    left join identifier_types on keyed.identifier_type = identifier_types.identifier_type
    left join erased on keyed.identifier_key = erased.identifier_key

)

select * from final
