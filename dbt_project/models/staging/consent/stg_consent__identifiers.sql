-- Grain: one row per record, identifier and version.
with

final as (

    {{ identifier_rows(
        source='consent', relation=source('consent', 'events'),
        record_id='id', observed_at='occurred_at',
        identifiers=[
            {'type_column': 'subject_type',
             'value': 'subject_value',
             'authenticated': "subject_type = 'customer_id' and customer_id = subject_value"},
            {'type': 'customer_id',
             'value': 'case when subject_value <> customer_id then customer_id end',
             'authenticated': 'true'},
        ]
    ) }}
    union all
    {{ identifier_rows(
        source='consent', relation=source('consent', 'preferences'),
        record_id="concat('preference:', change_id)", observed_at='changed_at',
        identifiers=[
            {'type': 'customer_id', 'value': 'customer_no'},
            {'type': 'email', 'value': 'email'},
        ]
    ) }}

)

select * from final
