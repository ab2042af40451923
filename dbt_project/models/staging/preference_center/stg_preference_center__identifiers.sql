-- Grain: one row per word and version: the address whose link was used, by its keyed hash.
with

consent_events as (

    select * from {{ source('preference_center', 'consent_events') }}

),

statements as (

    select * from {{ source('preference_center', 'preferences') }}
    where position = 1

),

final as (

    {{ identifier_rows(
        source='preference_center', relation='consent_events',
        record_id='id', observed_at='occurred_at',
        identifiers=[{'type_column': 'identifier_type', 'value': 'identifier_key'}]
    ) }}
    union all
    {{ identifier_rows(
        source='preference_center', relation='statements',
        record_id="concat('preference:', id)", observed_at='occurred_at',
        identifiers=[{'type_column': 'identifier_type', 'value': 'identifier_key'}]
    ) }}

)

select * from final
