{# Condition: a record whose phone number is kept under another region than its contact says now: a
   contact came after the number, or was replaced, and it was loaded before the number. False where
   there is none, which is usual, so that old rows are not read, and where the model is built in full.

   int_identity__observations is named, not referred to: models that it is built from ask this. #}
{% macro is_of_other_region(contact_regions) -%}
    {%- if is_increment() -%}
        {%- set node = graph.nodes['model.' ~ project_name ~ '.int_identity__observations'] -%}
        {%- set known = adapter.get_relation(node.database, node.schema, node.alias) -%}
        {%- if known is not none -%}
            {%- set query -%}
                select known.record_key
                from {{ known }} as known
                left join {{ contact_regions }} as regions
                    on known.record_key = regions.record_key
                    and known.loaded_at >= regions.known_from
                    and known.loaded_at < regions.known_before
                where
                    known.region <> '-'
                    and known.region <> coalesce(regions.region, {{ setting('country_code') }})
            {%- endset -%}
            {%- if run_query(query ~ ' limit 1').rows | length > 0 -%}
                {%- do return('(record_key in (' ~ query ~ '))') -%}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
    {%- do return('false') -%}
{%- endmacro %}
