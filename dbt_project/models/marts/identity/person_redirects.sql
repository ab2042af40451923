-- Grain: one row per id that was given up and leads to a current person; never a chain.
-- depends on: {{ ref('int_identity__names') }}, which appends them
with

latest as (

    select * from {{ last_of(source('ops', 'person_redirects'), 'old_person_id') }}

),

final as (

    select
        old_person_id,
        person_id,
        redirected_at as retired_at
    from latest
    where person_id is not null

)

select * from final
