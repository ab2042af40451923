-- Grain: one row per delivered row of contract campaigns (every version).
with

raw_rows as (

    select * from {{ source('canonical', 'campaigns') }}

),

final as (

    select
        source,
        campaign_id,
        _loaded_at as loaded_at,
        name,
        channel,
        objective,
        started_at,
        ended_at,
        budget_amount,
        currency,
        core_message_id,
        valid_from,
        valid_to,
        _file_name,
        _row_number
    from raw_rows

)

select * from final
