-- Grain: one row per record, identifier and version.
-- The network is part of the identifier: the same handle elsewhere may be somebody else.
with

final as (

    {{ identifier_rows(
        source='social', relation=source('social', 'interactions'),
        record_id='id', observed_at='occurred_at',
        identifiers=[
            {'type': 'social_handle',
             'value': "network || ':' || handle",
             'authenticated': 'true'},
        ]
    ) }}

)

select * from final
