-- Grain: one row per visit that a click landed.
-- A click and the visit that it lands are one touch: same person and campaign, same message, or
-- same click id, the visit at most thirty minutes after the click. A click lands the first visit
-- that follows it, a visit is landed by the last click before it.
with

touchpoints as (

    select * from {{ ref('int_contracts__touchpoints') }}

),

record_persons as (

    select * from {{ ref('int_identity__record_persons') }}

),

click_ids as (

    select
        source,
        record_id,
        min(identifier_value) as click_id
    from {{ ref('int_contracts__identifiers') }}
    where
        identifier_type = 'ad_click_id'
        and superseded_at is null
    group by source, record_id

),

candidates as (

    select
        {{ surrogate_key(['touchpoints.source', 'touchpoints.touchpoint_id']) }} as touchpoint_key,
        record_persons.person_id,
        touchpoints.occurred_at,
        touchpoints.interaction = 'click' as is_click,
        -- of several hits at one instant the visit itself is the landing
        case when touchpoints.interaction = 'visit' then 0 else 1 end as landing_rank,
        coalesce(touchpoints.campaign_id, touchpoints.utm_campaign) as campaign_id,
        touchpoints.message_id,
        click_ids.click_id
    from touchpoints
    left join record_persons
        on touchpoints.source = record_persons.source
        and touchpoints.record_id = record_persons.record_id
    left join click_ids
        on touchpoints.source = click_ids.source
        and touchpoints.record_id = click_ids.record_id
    where
        touchpoints.superseded_at is null
        and touchpoints.interaction in ('click', 'visit', 'page_view', 'product_view', 'app_open')
        and touchpoints.is_automated is not true

),

linked as (

    select
        {{ surrogate_key(["'campaign'", 'person_id', 'campaign_id']) }} as link_key,
        candidates.*
    from candidates
    where
        person_id is not null
        and campaign_id is not null
    union all
    select
        {{ surrogate_key(["'message'", 'message_id']) }} as link_key,
        candidates.*
    from candidates
    where message_id is not null
    union all
    select
        {{ surrogate_key(["'click'", 'click_id']) }} as link_key,
        candidates.*
    from candidates
    where click_id is not null

),

numbered as (

    select
        linked.*,
        -- clicks so far: the hits between two clicks follow the first of them
        count(case when is_click then 1 end) over (
            partition by link_key
            order by
                occurred_at,
                case when is_click then 0 else 1 end,
                landing_rank,
                touchpoint_key
            rows between unbounded preceding and current row
        ) as click_number
    from linked

),

followed as (

    select
        numbered.*,
        row_number() over (
            partition by link_key, click_number
            order by
                occurred_at,
                case when is_click then 0 else 1 end,
                landing_rank,
                touchpoint_key
        ) as position_after_click,
        max(case when is_click then touchpoint_key end) over (
            partition by link_key, click_number
        ) as click_touchpoint_key,
        max(case when is_click then occurred_at end) over (
            partition by link_key, click_number
        ) as clicked_at
    from numbered
    where click_number > 0

),

matches as (

    select distinct
        touchpoint_key,
        click_touchpoint_key,
        clicked_at,
        occurred_at
    from followed
    where
        position_after_click = 2
        and {{ seconds_between('clicked_at', 'occurred_at') }} <= 1800

),

ranked as (

    select
        matches.*,
        row_number() over (
            partition by touchpoint_key order by clicked_at desc, click_touchpoint_key
        ) as click_rank,
        row_number() over (
            partition by click_touchpoint_key order by occurred_at, touchpoint_key
        ) as landing_rank
    from matches

),

final as (

    select
        touchpoint_key,
        click_touchpoint_key as landed_by_touchpoint_key
    from ranked
    where
        click_rank = 1
        and landing_rank = 1

)

select * from final
