{# Own generic tests, with the names of dbt_utils. #}

{# An expression must be true in every row; unknown (null) fails too. #}
{% test expression_is_true(model, expression) %}
    select * from {{ model }} where ({{ expression }}) is not true
{% endtest %}

{# The grain: no two rows share these columns. #}
{% test unique_combination_of_columns(model, combination_of_columns) %}
    select {{ combination_of_columns | join(', ') }}, count(*) as row_count
    from {{ model }}
    group by {{ combination_of_columns | join(', ') }}
    having count(*) > 1
{% endtest %}

{# The newest value of a metric is not above its limit (a row of the seed `limits`); one that has no limit
   or was not measured passes. #}
{% test metric_is_within_its_limit(model, metric, limits) %}
    with newest as (
        select * from {{ model }} where metric_date = (select max(metric_date) from {{ model }})
    )
    select
        newest.metric_date,
        newest.metric,
        newest.value,
        limits.of_metric,
        limits.max_value
    from newest
    inner join {{ limits }} as limits on limits.metric = newest.metric
    left join newest as whole on whole.metric = limits.of_metric
    where newest.metric = '{{ metric }}'
        and newest.value / coalesce(nullif(whole.value, 0), 1) > limits.max_value
{% endtest %}
