-- Prevents: persons lost or made up. A forest over n identifiers with e edges has n - e trees, so
-- the number of persons follows from the two other tables alone.
{{ config(meta={'dagster': {'ref': {'name': 'persons'}}}) }}
with

counted as (

    select
        (select count(*) from {{ ref('persons') }}) as person_count,
        (
            select count(distinct identifier_key) from {{ ref('identifier_person') }}
            where known_to is null
        ) as identifier_count,
        (
            select count(*) from {{ ref('edges') }}
            where is_tree_edge
        ) as tree_edge_count

)

select * from counted
where person_count <> identifier_count - tree_edge_count
