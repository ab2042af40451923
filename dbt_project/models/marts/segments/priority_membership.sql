-- Grain: one row per priority list and person who is in one of its segments now.
-- The segments of a list exclude each other: the one with the lowest priority stands, the others
-- wait for their turn.
with

stays as (

    select * from {{ ref('membership') }}
    where exited_at is null

),

priorities as (

    select
        priority_list,
        segment,
        priority
    from {{ ref('segment_priorities') }}
    where priority is not null

),

ranked as (

    select
        priorities.priority_list,
        priorities.priority,
        stays.segment,
        stays.segment_version,
        stays.person_id,
        stays.entered_at,
        stays.split_bucket,
        stays.is_holdout,
        count(*) over (
            partition by priorities.priority_list, stays.person_id
        ) as qualified_count,
        row_number() over (
            partition by priorities.priority_list, stays.person_id
            order by priorities.priority asc, stays.segment asc
        ) as position
    from stays
    inner join priorities on stays.segment = priorities.segment

),

final as (

    select
        priority_list,
        person_id,
        segment,
        segment_version,
        priority,
        cast(qualified_count as bigint) as qualified_count,
        entered_at,
        split_bucket,
        is_holdout
    from ranked
    where position = 1

)

select * from final
