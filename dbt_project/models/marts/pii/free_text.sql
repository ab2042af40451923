-- Grain: one row per feedback body. The only place beside raw and staging where it stands.
with

feedback as (

    select * from {{ ref('int_contracts__feedback') }}

),

final as (

    select
        {{ surrogate_key(['source', 'feedback_id']) }} as feedback_key,
        body
    from feedback
    where
        superseded_at is null
        and body is not null

)

select * from final
