{# A CTE body for conservation tests: the rows of one contract as the staging models of the enabled
   sources deliver them, every version, not by way of the union that the marts read. #}
{% macro delivered_rows(contract, columns) -%}
    {%- for source in sources_of_contract(contract) %}
    select {{ columns | join(', ') }}, loaded_at, _file_name, _row_number
    from {{ ref('stg_' ~ source ~ '__' ~ contract) }}
    where loaded_at < {{ as_of() }}
    {% if not loop.last %}union all{% endif %}
    {%- else %}
    select {{ columns | join(', ') }}, loaded_at, _file_name, _row_number
    from {{ ref('int_contracts__' ~ contract) }}
    where 1 = 0
    {%- endfor %}
{%- endmacro %}
