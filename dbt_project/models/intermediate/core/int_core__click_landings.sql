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
        record_key,
        min(identifier_value) as click_id
    from {{ ref('int_contracts__identifiers') }}
    where identifier_type = 'ad_click_id'
    group by record_key

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
        on touchpoints.record_key = record_persons.record_key
    left join click_ids
        on touchpoints.record_key = click_ids.record_key
    where
        touchpoints.superseded_at is null
        and touchpoints.interaction in ('click', 'visit', 'page_view', 'product_view', 'app_open')
        and touchpoints.is_automated is not true

),

linked as (

    select
        {{ surrogate_key(["'campaign'", 'candidates.person_id', 'candidates.campaign_id']) }}
            as link_key,
        candidates.*
    from candidates
    where
        candidates.person_id is not null
        and candidates.campaign_id is not null
    union all
    select
        {{ surrogate_key(["'message'", 'candidates.message_id']) }} as link_key,
        candidates.*
    from candidates
    where candidates.message_id is not null
    union all
    select
        {{ surrogate_key(["'click'", 'candidates.click_id']) }} as link_key,
        candidates.*
    from candidates
    where candidates.click_id is not null

),

clicked_links as (

    -- most hits of a site follow no click that is on record: they need no sorting
    select distinct link_key
    from linked
    where is_click

),

clicked as (

    select linked.*
    from linked
    inner join clicked_links
        on linked.link_key = clicked_links.link_key

),

numbered as (

    select
        clicked.*,
        -- clicks so far: the hits between two clicks follow the first of them
        count(case when clicked.is_click then 1 end) over (
            partition by clicked.link_key
            order by
                clicked.occurred_at,
                case when clicked.is_click then 0 else 1 end,
                clicked.landing_rank,
                clicked.touchpoint_key
            rows between unbounded preceding and current row
        ) as click_number
    from clicked

),

followed as (

    select
        numbered.*,
        row_number() over (
            partition by numbered.link_key, numbered.click_number
            order by
                numbered.occurred_at,
                case when numbered.is_click then 0 else 1 end,
                numbered.landing_rank,
                numbered.touchpoint_key
        ) as position_after_click,
        max(case when numbered.is_click then numbered.touchpoint_key end) over (
            partition by numbered.link_key, numbered.click_number
        ) as click_touchpoint_key,
        max(case when numbered.is_click then numbered.occurred_at end) over (
            partition by numbered.link_key, numbered.click_number
        ) as clicked_at
    from numbered
    where numbered.click_number > 0

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
            partition by matches.touchpoint_key
            order by matches.clicked_at desc, matches.click_touchpoint_key asc
        ) as click_rank,
        row_number() over (
            partition by matches.click_touchpoint_key
            order by matches.occurred_at, matches.touchpoint_key
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
