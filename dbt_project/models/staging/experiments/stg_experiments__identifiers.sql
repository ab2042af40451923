-- Grain: one row per record, identifier and version.
with

assignments as (

    select * from {{ source('experiments', 'assignments') }}

),

final as (

    {{ identifier_rows(
        source='experiments', relation='assignments',
        record_id='assignment_id', observed_at='exposed_at',
        identifiers=[
            {'type': 'customer_id', 'value': 'customer_no'},
            {'type': 'email', 'value': 'email'},
        ]
    ) }}

)

select * from final
