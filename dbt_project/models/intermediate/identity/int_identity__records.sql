-- Grain: one row per source record that has identifiers.
-- Records that say the same identifiers in the same way share a set (set_key): what a record adds
-- to the graph depends on its set alone, and there are ten times fewer sets than records. A record
-- that was told at several times, or of several times, is a set of its own.
{% call touched() %}
    select record_key from {{ changes(ref('int_identity__observations')) }}
{% endcall %}
with

observations as (

    {{ touched_rows(ref('int_identity__observations')) }}

),

summed as (

    select
        record_key,
        any_value(source) as source,
        count(*) as row_count,
        min(identifier_number) as first_number,
        max(identifier_number) as last_number,
        sum(cast(identifier_number as {{ wide_integer_type() }})) as number_sum,
        sum(
            case when is_authenticated then cast(identifier_number as {{ wide_integer_type() }}) end
        ) as authenticated_sum,
        min(observed_at) as observed_at,
        max(observed_at) as last_observed_at,
        min(loaded_at) as loaded_at,
        max(loaded_at) as last_loaded_at
    from observations
    group by record_key

),

judged as (

    select
        *,
        observed_at = last_observed_at and loaded_at = last_loaded_at as is_simple
    from summed

),

final as (

    select
        record_key,
        {{ set_key([
            'source', 'row_count', 'first_number', 'last_number', 'number_sum',
            'authenticated_sum', 'case when not is_simple then record_key end',
        ]) }} as set_key,
        source,
        is_simple,
        observed_at,
        last_observed_at,
        loaded_at
    from judged

)

select * from final
