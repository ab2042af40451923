{# A CTE body: the version of each catalogue thing that stands at as_of, one row per id. Ids are
   one namespace over all sources (a touch of the e-mail tool names a campaign of the plan): of
   several sources the one with the better priority speaks, and of one source its latest version.
   A thing that only starts after as_of is in the catalogue too. #}
{% macro current_catalogue(contract, id) -%}
    select *
    from (
        select
            catalogue.*,
            row_number() over (
                partition by catalogue.{{ id }}
                order by
                    coalesce(source_priorities.priority, 100),
                    catalogue.source,
                    case when catalogue.valid_from > {{ as_of() }} then 1 else 0 end,
                    catalogue.valid_from desc nulls last,
                    catalogue.loaded_at desc,
                    catalogue._file_name desc,
                    catalogue._row_number desc
            ) as version_rank
        from {{ ref('int_contracts__' ~ contract) }} as catalogue
        left join {{ ref('source_priorities') }} as source_priorities
            on catalogue.source = source_priorities.source
        where catalogue.superseded_at is null
    ) as ranked
    where version_rank = 1
{%- endmacro %}
