-- Grain: one row per record, identifier and version.
-- The network is part of the identifier: the same handle elsewhere may be somebody else.
with

interactions as (

    select * from {{ source('social', 'interactions') }}

),

final as (

    {{ identifier_rows(
        source='social', relation='interactions',
        record_id='id', observed_at='occurred_at',
        identifiers=[
            {'type': 'social_handle',
             'value': "network || ':' || handle",
             'authenticated': 'true'},
        ]
    ) }}

)

select * from final
