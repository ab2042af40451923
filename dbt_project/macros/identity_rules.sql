{# Version of the rules of the identity graph (macros identity_*, normalise_*): raised by hand when a
   change of them can change who is one person, so that a ledger row can name the rules it came from. #}
{% macro identity_rule_version() -%} '1' {%- endmacro %}

{# A person with more identifiers than this is looked at in identity.quality_daily. #}
{% macro identity_large_person_limit() -%} 50 {%- endmacro %}
