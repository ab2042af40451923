-- Grain: one row per (metric_date, metric); metric_date is the last day before as_of. Days that
-- were measured before stay as they are.
{%- set metric_date = 'cast(' ~ add_time(as_of(), -1, 'second') ~ ' as date)' %}
{%- set edge_statuses = [
    'kept', 'manual', 'hub', 'blocked', 'pending', 'limit', 'expired', 'no_consent',
] %}
with

persons as (

    select * from {{ ref('persons') }}

),

edges as (

    select * from {{ ref('edges') }}

),

identifiers as (

    select * from {{ ref('int_identity__identifiers') }}

),

person_ledger as (

    select * from {{ ref('person_ledger') }}

),

record_persons as (

    select
        sets.source,
        sets.record_count,
        set_persons.person_id,
        persons.is_known,
        identifier_keys.scope = 'device' as is_device_alone
    from {{ ref('int_identity__set_persons') }} as set_persons
    inner join {{ ref('int_identity__sets') }} as sets on set_persons.set_key = sets.set_key
    left join persons on set_persons.person_id = persons.person_id
    left join {{ ref('int_identity__keys') }} as identifier_keys
        on set_persons.identifier_number = identifier_keys.identifier_number

),

measured as (

    select
        'persons' as metric,
        count(*) as value
    from persons
    union all
    select
        'persons_known' as metric,
        count(*) as value
    from persons
    where is_known
    union all
    select
        'persons_probabilistic' as metric,
        count(*) as value
    from persons
    where confidence_score < 1
    union all
    select
        'largest_person' as metric,
        coalesce(max(identifier_count), 0) as value
    from persons
    union all
    select
        'persons_over_{{ identity_large_person_limit() }}_identifiers' as metric,
        count(*) as value
    from persons
    where identifier_count > {{ identity_large_person_limit() }}
    union all
    select
        'anonymous_person_share' as metric,
        coalesce(avg(cast(case when is_known then 0 else 1 end as double)), 0) as value
    from persons
    union all
    select
        'anonymous_record_share' as metric,
        coalesce(
            sum(case when is_known is false then record_count else 0 end)
            / cast(nullif(sum(record_count), 0) as double), 0
        ) as value
    from record_persons
    union all
    select
        'records_without_person_share' as metric,
        coalesce(
            sum(case when person_id is null then record_count else 0 end)
            / cast(nullif(sum(record_count), 0) as double), 0
        ) as value
    from record_persons
    union all
    select
        concat('anonymous_to_known_share_', source) as metric,
        sum(case when is_known then record_count else 0 end)
        / cast(sum(record_count) as double) as value
    from record_persons
    where is_device_alone
    group by source
    union all
    select
        'devices_of_several_persons' as metric,
        count(*) as value
    from identifiers
    where met_person_count > 1
    {% for event in ['created', 'split', 'merged', 'retired'] %}
        union all
        select
            'persons_{{ event }}' as metric,
            count(*) as value
        from person_ledger
        where
            event = '{{ event }}'
            and detected_at = {{ as_of() }}
    {% endfor %}
    {% for status in ['linking', 'not_linking', 'hub', 'blocked', 'invalid'] %}
        union all
        select
            'identifiers_{{ status }}' as metric,
            count(*) as value
        from identifiers
        where status = '{{ status }}'
    {% endfor %}
    {% for status in edge_statuses %}
        union all
        select
            'edges_{{ status }}' as metric,
            count(*) as value
        from edges
        where status = '{{ status }}'
    {% endfor %}

),

final as (

    select
        {{ metric_date }} as metric_date,
        metric,
        cast(value as double) as value
    from measured
    {{ union_of_former_rows(['metric_date', 'metric', 'value'], 'metric_date <> ' ~ metric_date) }}

)

select * from final
