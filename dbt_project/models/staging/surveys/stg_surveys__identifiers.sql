-- Grain: one row per record, identifier and version.
-- The invitation was personal, but may have been forwarded: not proven.
with

final as (

    {{ identifier_rows(
        source='surveys', relation=source('surveys', 'responses'),
        record_id='response_id', observed_at='submitted_at',
        identifiers=[
            {'type': 'customer_id', 'value': 'customer_id'},
            {'type': 'email', 'value': 'email'},
        ]
    ) }}

)

select * from final
