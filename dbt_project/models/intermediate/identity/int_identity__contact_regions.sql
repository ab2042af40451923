-- Grain: one row per record and time from which its contact has a country that is not the tenant's
-- own: numbers are read under that one anyway.
with

contacts as (

    select
        record_key,
        {{ region_code('country_code') }} as region,
        loaded_at,
        row_number() over (
            partition by record_key, loaded_at
            order by updated_at desc, _file_name desc, _row_number desc
        ) as recency
    from {{ ref('int_contracts__contacts') }}
    where country_code is not null

),

followed as (

    select
        record_key,
        region,
        loaded_at as known_from,
        coalesce(
            lead(loaded_at) over (partition by record_key order by loaded_at),
            {{ end_of_time() }}
        ) as known_before
    from contacts
    where recency = 1

),

final as (

    select * from followed
    where region <> {{ setting('country_code') }}

)

select * from final
