{# Which source fills which contract. A brand's own sources come from tenant.yml
   (`sources: [{name: till, contracts: [orders, order_lines]}]`). #}
{% macro source_contracts() -%}
    {% set filled = {
        'canonical': contracts().keys() | list,
    } %}
    {% do filled.update(fromjson(env_var('CROSSWEAVE_OWN_CONTRACTS', '{}'))) %}
    {% do return(filled) %}
{%- endmacro %}

{# Enabled sources that fill a contract, in the order of tenant.yml. #}
{% macro sources_of_contract(contract) -%}
    {% set found = [] %}
    {% for source in env_var('CROSSWEAVE_SOURCES', '').split(',') %}
        {% if contract in source_contracts().get(source, []) %}
            {% do found.append(source) %}
        {% endif %}
    {% endfor %}
    {% do return(found) %}
{%- endmacro %}
