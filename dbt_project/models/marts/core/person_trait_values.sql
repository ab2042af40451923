-- Grain: one row per person and trait.
with

trait_values as (

    select * from {{ ref('int_core__person_trait_values') }}

),

final as (

    select
        person_id,
        trait,
        trait_type,
        trait_rule,
        value_text,
        value_number,
        value_boolean,
        value_date,
        statement_count,
        updated_at
    from trait_values

)

select * from final
