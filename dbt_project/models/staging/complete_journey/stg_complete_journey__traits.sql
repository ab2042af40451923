-- Grain: one row per record, trait and version.
with

demographics as (

    select * from {{ source('complete_journey', 'demographics') }}

),

final as (

    {{ trait_rows(
        source='complete_journey', relation='demographics',
        record_id="concat('household:', household_id)", updated_at='_loaded_at',
        traits=[
            'age', 'income', 'home_ownership', 'marital_status', 'household_size', 'household_comp',
            'kids_count'
        ]
    ) }}

)

select * from final
