-- Grain: one row per record, trait and version.
with

contacts as (

    select * from {{ source('crm', 'contacts') }}

),

final as (

    {{ trait_rows(
        source='crm', relation='contacts',
        record_id='contact_id', updated_at='updated_at',
        traits=['shoe_size', 'favourite_sport', 'club_member']
    ) }}

)

select * from final
