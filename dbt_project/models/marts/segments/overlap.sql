-- Grain: one row per segment and other segment, also where they have nobody in common.
-- Over present members only, so it costs as much as the segments are large.
with

definitions as (

    {{ segment_definitions() }}

),

members as (

    select
        segment,
        person_id
    from {{ ref('membership') }}
    where exited_at is null

),

counts as (

    select
        segment,
        count(*) as member_count
    from members
    group by segment

),

pairs as (

    select
        members.segment,
        others.segment as other_segment,
        count(*) as both_count
    from members
    inner join members as others on members.person_id = others.person_id
    where members.segment <> others.segment
    group by members.segment, others.segment

),

counted as (

    select
        definitions.segment,
        others.segment as other_segment,
        coalesce(counts.member_count, 0) as member_count,
        coalesce(other_counts.member_count, 0) as other_member_count,
        coalesce(pairs.both_count, 0) as both_count
    from definitions
    cross join definitions as others
    left join counts on definitions.segment = counts.segment
    left join counts as other_counts on others.segment = other_counts.segment
    left join pairs
        on definitions.segment = pairs.segment
            and others.segment = pairs.other_segment
    where definitions.segment <> others.segment

),

final as (

    select
        segment,
        other_segment,
        cast(member_count as bigint) as member_count,
        cast(other_member_count as bigint) as other_member_count,
        cast(both_count as bigint) as both_count,
        both_count / cast(nullif(member_count, 0) as double) as share_of_segment,
        both_count / cast(nullif(member_count + other_member_count - both_count, 0) as double)
            as jaccard
    from counted

)

select * from final
