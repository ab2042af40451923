-- Grain: one row per segment and addressable channel, also where nobody can be reached.
with

definitions as (

    {{ segment_definitions() }}

),

channels as (

    select channel from {{ ref('channels') }}
    where is_addressable

),

members as (

    select
        segment,
        count(*) as member_count
    from {{ ref('membership') }}
    where exited_at is null
    group by segment

),

reachable as (

    select
        segment,
        channel,
        count(*) as reachable_count
    from {{ ref('int_segments__reachable') }}
    group by segment, channel

),

final as (

    select
        definitions.segment,
        channels.channel,
        cast(coalesce(members.member_count, 0) as bigint) as member_count,
        cast(coalesce(reachable.reachable_count, 0) as bigint) as reachable_count,
        coalesce(reachable.reachable_count, 0) / cast(members.member_count as double)
            as reachable_rate
    from definitions
    cross join channels
    left join members on definitions.segment = members.segment
    left join reachable
        on definitions.segment = reachable.segment
            and channels.channel = reachable.channel

)

select * from final
