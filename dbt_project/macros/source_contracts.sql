{# Which source fills which contract. A brand's own sources come from tenant.yml
   (`sources: [{name: till, contracts: [orders, order_lines]}]`). #}
{% macro source_contracts() -%}
    {% set filled = {
        'canonical': contracts().keys() | list,
        'web': ['identifiers', 'touchpoints', 'feedback'],
        'app': ['identifiers', 'touchpoints', 'traits', 'consents'],
        'shop': ['identifiers', 'orders', 'order_lines', 'contacts', 'products'],
        'pos': ['identifiers', 'touchpoints', 'orders', 'order_lines', 'locations'],
        'email': ['identifiers', 'touchpoints', 'consents'],
        'sms': ['identifiers', 'touchpoints', 'consents'],
        'push': ['identifiers', 'touchpoints'],
        'ads': ['costs'],
        'social': ['identifiers', 'touchpoints', 'feedback'],
        'direct_mail': ['identifiers', 'touchpoints'],
        'kiosk': ['identifiers', 'touchpoints'],
        'events': ['identifiers', 'touchpoints', 'contacts'],
        'call_center': ['identifiers', 'touchpoints', 'feedback'],
        'chat': ['identifiers', 'touchpoints', 'feedback'],
        'crm': ['identifiers', 'contacts', 'traits'],
        'loyalty': ['identifiers', 'touchpoints', 'contacts', 'offer_events'],
        'surveys': ['identifiers', 'touchpoints', 'feedback'],
        'consent': ['identifiers', 'consents', 'preferences'],
        'preference_center': ['identifiers', 'consents', 'preferences'],
        'offers': ['identifiers', 'offer_events', 'offers'],
        'experiments': ['identifiers', 'experiment_exposures', 'experiments'],
        'marketing': ['campaigns', 'contents', 'costs'],
        'ga4': ['identifiers', 'touchpoints', 'orders', 'order_lines', 'products'],
        'complete_journey': [
            'identifiers', 'traits', 'orders', 'order_lines', 'touchpoints', 'offer_events',
            'offers', 'campaigns', 'products', 'locations', 'placements',
        ],
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
