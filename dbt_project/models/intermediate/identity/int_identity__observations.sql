-- Grain: one row per delivered row of an identifier of a record, as numbers; invalid ones too.
{%- set changed = changed_files(sources_across_files('identifiers')) %}
{%- set moved = is_of_other_region(ref('int_identity__contact_regions')) %}
{% call touched() %}
    {{ touched_by_files(ref('int_identity__located_identifiers'), 'record_key', changed, moved) }}
{% endcall %}
with

identifiers as (

    select * from {{ ref('int_identity__located_identifiers') }}
    {{ where_arrived(changed, moved) }}

),

identifier_values as (

    select * from {{ ref('int_identity__values') }}

),

final as (

    select
        identifiers.record_key,
        identifier_values.identifier_number,
        identifiers.is_authenticated,
        identifiers.observed_at,
        identifiers.loaded_at,
        -- of phones, which few are: a text in every row takes long to store
        nullif(identifiers.region, '-') as region,
        identifiers.source,
        identifiers._file_name
    from identifiers
    inner join identifier_values
        on identifiers.identifier_type = identifier_values.source_identifier_type
            and identifiers.identifier_value = identifier_values.raw_value
            and identifiers.region = identifier_values.region

    {% if is_increment() %}
        union all

        select
            record_key,
            identifier_number,
            is_authenticated,
            observed_at,
            loaded_at,
            region,
            source,
            _file_name
        from {{ this }}
        where
            record_key in {{ touched_values() }}
            and loaded_at < {{ previous_as_of() }}
            and not {{ is_of_known_files(changed) }}
            and not {{ moved }}
    {% endif %}

)

select * from final
