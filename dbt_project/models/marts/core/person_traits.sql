-- Grain: one row per person of whom a trait is known.
with

trait_values as (

    select * from {{ ref('int_core__person_trait_values') }}

),

encoded as (

    select
        person_id,
        updated_at,
        last_loaded_at,
        concat(
            {{ json_quoted('trait') }},
            ':',
            coalesce(
                case trait_type
                    when 'decimal' then cast(value_number as {{ string_type() }})
                    when 'integer' then cast(cast(value_number as bigint) as {{ string_type() }})
                    when 'boolean'
                        then case
                                when value_boolean then 'true'
                                when not value_boolean then 'false'
                            end
                    when 'date' then {{ json_quoted('cast(value_date as ' ~ string_type() ~ ')') }}
                    else {{ json_quoted('value_text') }}
                end,
                'null'
            )
        ) as member
    from trait_values

),

final as (

    select
        person_id,
        concat('{', {{ distinct_text('member') }}, '}') as traits,
        cast(count(*) as bigint) as trait_count,
        max(updated_at) as updated_at,
        max(last_loaded_at) as loaded_at
    from encoded
    group by person_id

)

select * from final
