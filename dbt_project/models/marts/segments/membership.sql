-- Grain: one row per segment, person and stay (entered_at).
-- Only stays that begin, end or go on are written. A stay begins and ends at an as_of; the same
-- as_of again gives the same stays. An as_of before what is known already rewrites nothing.
with

members as (

    {{ segment_members() }}

),

stays as (

    {% if is_incremental() %}
        select * from {{ this }}
    {% else %}
        select
            segment,
            segment_version,
            person_id,
            {{ as_of() }} as entered_at,
            {{ as_of() }} as exited_at,
            0 as split_bucket,
            false as is_holdout
        from members
        where 1 = 0
    {% endif %}

),

numbered_stays as (

    select
        *,
        row_number() over (
            partition by segment, person_id order by entered_at desc
        ) as stay_number
    from stays

),

last_stays as (

    select *
    from numbered_stays
    where stay_number = 1

),

compared as (

    select
        last_stays.entered_at as last_entered_at,
        last_stays.segment_version as last_segment_version,
        last_stays.split_bucket as last_split_bucket,
        last_stays.is_holdout as last_is_holdout,
        members.segment_version,
        coalesce(members.segment, last_stays.segment) as segment,
        coalesce(members.person_id, last_stays.person_id) as person_id,
        case
            when members.person_id is not null and last_stays.person_id is null then 'begins'
            when members.person_id is not null and last_stays.exited_at < {{ as_of() }}
                then 'begins'
            -- ended at this very as_of, by an earlier run
            when members.person_id is not null and last_stays.exited_at = {{ as_of() }}
                then 'goes on'
            when
                members.person_id is null
                and last_stays.exited_at is null
                and last_stays.entered_at <= {{ as_of() }}
                then 'ends'
        end as change
    from members
    full outer join last_stays
        on
            members.segment = last_stays.segment
            and members.person_id = last_stays.person_id

),

bucketed as (

    select
        *,
        cast({{ split_bucket(setting('split_salt'), 'person_id') }} as integer)
            as new_split_bucket
    from compared
    where change is not null

),

final as (

    select
        segment,
        case when change = 'begins' then segment_version else last_segment_version end
            as segment_version,
        person_id,
        case when change = 'begins' then {{ as_of() }} else last_entered_at end as entered_at,
        case when change = 'ends' then {{ as_of() }} end as exited_at,
        case when change = 'begins' then new_split_bucket else last_split_bucket end
            as split_bucket,
        case
            when change = 'begins'
                then {{ in_universal_holdout('new_split_bucket') }}
            else last_is_holdout
        end as is_holdout
    from bucketed

)

select * from final
