-- Grain: one row per record, identifier and version.
-- All versions of a contact are one record: an old address stays evidence of the same person.
with

final as (

    {{ identifier_rows(
        source='crm', relation=source('crm', 'contacts'),
        record_id='contact_id', observed_at='updated_at',
        identifiers=[
            {'type': 'crm_contact_id', 'value': 'contact_id'},
            {'type': 'customer_id', 'value': 'customer_no'},
            {'type': 'email', 'value': 'email', 'authenticated': 'is_email_verified'},
            {'type': 'phone', 'value': 'phone'},
            {'type': 'phone', 'value': "case when mobile <> coalesce(phone, '') then mobile end"},
            {'type': 'social_handle', 'value': "'instagram:' || instagram"},
        ]
    ) }}

)

select * from final
