-- Grain: one row per record, identifier and version.
with

final as (

    {{ identifier_rows(
        source='experiments', relation=source('experiments', 'assignments'),
        record_id='assignment_id', observed_at='exposed_at',
        identifiers=[
            {'type': 'customer_id', 'value': 'customer_no'},
            {'type': 'email', 'value': 'email'},
        ]
    ) }}

)

select * from final
