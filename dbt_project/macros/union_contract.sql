{# The union of one contract over the enabled sources, typed and empty where nobody fills it.
   Only rows that were loaded before as_of are known; versions of a key are ordered by
   (loaded_at, file name, row number), and superseded_at is the loaded_at of the next one.
   A row that names no currency is in the reporting currency. #}
{% macro union_contract(contract) -%}
{%- set columns = contract_columns(contract) -%}
{%- set filled_by = sources_of_contract(contract) -%}
with

versions as (

    {% for source in filled_by %}
    select
        {% for column in columns %}
        {% if column.name == 'currency' %}
        coalesce(cast(currency as string), {{ setting('currency') }}) as currency,
        {% else %}
        cast({{ column.name }} as {{ column.type }}) as {{ column.name }},
        {% endif %}
        {% endfor %}
        cast(_file_name as string) as _file_name,
        cast(_row_number as bigint) as _row_number
    from {{ ref('stg_' ~ source ~ '__' ~ contract) }}
    {% if not loop.last %}
    union all
    {% endif %}
    {% else %}
    select
        {% for column in columns %}
        cast(null as {{ column.type }}) as {{ column.name }},
        {% endfor %}
        cast(null as string) as _file_name,
        cast(null as bigint) as _row_number
    where 1 = 0
    {% endfor %}

),

known as (

    select * from versions where loaded_at < {{ as_of() }}

),

final as (

    select
        known.*,
        lead(loaded_at) over (
            partition by source, {{ contract_key(contract) | join(', ') }}
            order by loaded_at, _file_name, _row_number
        ) as superseded_at
    from known

)

select * from final
{%- endmacro %}
