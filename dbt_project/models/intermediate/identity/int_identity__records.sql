-- Grain: one row per (source, record_id).
with

records as (

    select distinct
        source,
        record_id
    from {{ ref('int_contracts__identifiers') }}

),

final as (

    select
        source,
        record_id,
        row_number() over (order by source, record_id) as record_number
    from records

)

select * from final
