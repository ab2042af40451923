{# The union of one contract over the enabled sources, typed and empty where nobody fills it.
   Only rows that were loaded before as_of are known; versions of a key are ordered by
   (loaded_at, file name, row number), and superseded_at is the loaded_at of the next one.
   A row that names no currency is in the reporting currency.

   record_key stands for (source, record_id) where the contract has records: what facts and persons
   meet on. version_key stands for (source, key) where the key is another one: all versions of a row
   have it.

   The rows are read three times, but whole only once: few have several versions, and only those
   are sorted (a window over everything sorted everything). In an increment the rows of new, changed
   and lost files are touched, and so are the other versions of their keys, which the table has. #}
{% macro union_contract(contract) -%}
{%- set changed = changed_files(sources_across_files(contract)) -%}
{%- set unit = 'record_key' if 'record_id' in contract_key(contract) else 'version_key' -%}
{%- set key = ['source'] + contract_key(contract) -%}
{% call touched() %}
    select {{ contract_unit(contract) }} as {{ unit }}
    from ({{ contract_source_rows(contract, changed) }}) as arrived
    {% if is_increment() %}
    union all
    select {{ unit }} from {{ this }} where {{ is_of_known_files(changed) }}
    {% endif %}
{% endcall %}
with

repeated as (

    select version_hash
    from ({{ contract_versions(contract, changed, ['version_hash']) }}) as versions
    group by version_hash
    having count(*) > 1

),

superseded as (

    select * from (
        select
            {{ key | join(', ') }},
            version_hash,
            loaded_at,
            _file_name,
            _row_number,
            lead(loaded_at) over (
                partition by {{ key | join(', ') }}
                order by loaded_at, _file_name, _row_number
            ) as superseded_at
        from ({{ contract_versions(
            contract, changed,
            key + ['version_hash'] + (['loaded_at'] if 'loaded_at' not in key else [])
            + ['_file_name', '_row_number']
        ) }}) as versions
        where version_hash in (select version_hash from repeated)
    ) as ordered
    where superseded_at is not null

),

final as (

    select
        {% for column in union_columns(contract) -%}
        versions.{{ column }},
        {% endfor -%}
        superseded.superseded_at
    from ({{ contract_versions(
        contract, changed, union_columns(contract) + ['version_hash']
    ) }}) as versions
    left join superseded
        on versions.version_hash = superseded.version_hash
        {% for column in key -%}
        and versions.{{ column }} is not distinct from superseded.{{ column }}
        {% endfor -%}
        and versions.loaded_at = superseded.loaded_at
        -- rows of a table that is read in place have neither file nor number
        and versions._file_name is not distinct from superseded._file_name
        and versions._row_number is not distinct from superseded._row_number

)

select * from final
{%- endmacro %}

{# The same union without the order of versions, for a model that finds out by itself which row is the
   current one: a view costs nothing where the rows are read once. Of all rows, also those that are not
   known yet: who reads it asks for loaded_at < as_of. #}
{% macro contract_rows(contract) -%}
    select
        {{ contract_columns(contract) | map(attribute='name') | join(',\n        ') }},
        _file_name,
        _row_number,
        {{ row_key(['source', 'record_id']) }} as record_key
    from ({{ contract_source_rows(contract, only_known=false) }}) as contract_rows
{%- endmacro %}

{# Columns of the union, besides superseded_at. #}
{% macro union_columns(contract) -%}
    {% set names = contract_columns(contract) | map(attribute='name') | list %}
    {% set keys = [] %}
    {% if 'record_id' in names %} {% do keys.append('record_key') %} {% endif %}
    {% if 'record_id' not in contract_key(contract) %} {% do keys.append('version_key') %} {% endif %}
    {% do return(names + ['_file_name', '_row_number'] + keys) %}
{%- endmacro %}

{# What the rows of a contract are replaced by. #}
{% macro contract_unit(contract) -%}
    {{ row_key(['source', 'record_id'] if 'record_id' in contract_key(contract)
        else ['source'] + contract_key_texts(contract)) }}
{%- endmacro %}

{# All versions that a build has to order: every known row, or, in an increment, the rows that
   arrived and the other versions of their keys. #}
{% macro contract_versions(contract, changed, columns) -%}
    {% set key = ['source'] + contract_key_texts(contract) %}
    {% set expressions = {
        'version_hash': quick_hash(key),
        'version_key': row_key(key),
        'record_key': row_key(['source', 'record_id']),
    } %}
    select
    {%- for column in columns %}
        {{ expressions[column] ~ ' as ' if column in expressions }}{{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
    from (
        {{ contract_source_rows(contract, changed) }}
        {% if is_increment() %}
        union all
        select
            {{ contract_columns(contract) | map(attribute='name') | join(', ') }},
            _file_name,
            _row_number
        from {{ this }}
        -- by time too: they are few and mostly recent, so that few blocks are read whole
        where ({{ model.config.replaces }}, loaded_at) in (
            select {{ model.config.replaces }}, loaded_at
            from {{ this }}
            where {{ model.config.replaces }} in {{ touched_values() }}
                and loaded_at < {{ previous_as_of() }}
        )
            and not {{ is_of_known_files(changed) }}
        {% endif %}
    ) as contract_rows
{%- endmacro %}

{# Known rows of the enabled sources (loaded before as_of), typed; in an increment those of changed
   files, and those that became known because as_of moved. #}
{% macro contract_source_rows(contract, changed=none, only_known=true) -%}
    {%- set columns = contract_columns(contract) -%}
    {%- for source in sources_of_contract(contract) %}
        {%- if not loop.first %} union all {% endif %}
        {%- for condition in arrival_conditions(changed, source) %}
        {%- if not loop.first %} union all {% endif %}
        select
        {%- for column in columns %}
            {%- if column.name == 'currency' %}
            coalesce(cast(currency as string), {{ setting('currency') }}) as currency,
            {%- else %}
            cast({{ column.name }} as {{ column.type }}) as {{ column.name }},
            {%- endif %}
        {%- endfor %}
            cast(_file_name as string) as _file_name,
            cast(_row_number as bigint) as _row_number
        from {{ ref('stg_' ~ source ~ '__' ~ contract) }}
        where {{ 'loaded_at < ' ~ as_of() if only_known else '1 = 1' }} {{ condition }}
        {%- endfor %}
    {%- else %}
        select
        {%- for column in columns %}
            cast(null as {{ column.type }}) as {{ column.name }},
        {%- endfor %}
            cast(null as string) as _file_name,
            cast(null as bigint) as _row_number
        where 1 = 0
    {%- endfor %}
{%- endmacro %}

{# Conditions of which each gives a part of the rows that arrived; one empty one for all rows. #}
{% macro arrival_conditions(changed, source) -%}
    {% if not changed or not is_increment() %}
        {% do return(['']) %}
    {% endif %}
    {% set files = changed.files.get(source, []) %}
    {% set later = 'and loaded_at >= ' ~ previous_as_of() %}
    {% if not files %}
        {% do return([later]) %}
    {% endif %}
    {% set listed = "('" ~ files | join("', '") ~ "')" %}
    {% do return([
        'and ' ~ is_of_time(changed) ~ ' and _file_name in ' ~ listed,
        later ~ ' and (_file_name not in ' ~ listed ~ ' or _file_name is null)',
    ]) %}
{%- endmacro %}

{# The key of a contract as text expressions. #}
{% macro contract_key_texts(contract) -%}
    {% set types = {} %}
    {% for column in contract_columns(contract) %}
        {% do types.update({column.name: column.type}) %}
    {% endfor %}
    {% set texts = [] %}
    {% for name in contract_key(contract) %}
        {% do texts.append(
            name if types[name] == 'string' else 'cast(' ~ name ~ ' as ' ~ string_type() ~ ')') %}
    {% endfor %}
    {% do return(texts) %}
{%- endmacro %}

{# Sources whose staging model of a contract puts rows of several files together. #}
{% macro sources_across_files(contract) -%}
    {% set found = [] %}
    {% if execute %}
        {% for source in sources_of_contract(contract) %}
            {% set name = 'stg_' ~ source ~ '__' ~ contract %}
            {% for node in graph.nodes.values() if node.name == name
                and node.resource_type == 'model' and node.config.meta.get('reads_across_files') %}
                {% do found.append(source) %}
            {% endfor %}
        {% endfor %}
    {% endif %}
    {% do return(found) %}
{%- endmacro %}
