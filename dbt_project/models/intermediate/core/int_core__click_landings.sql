-- Grain: one row per visit that a click landed.
-- A click and the visit that it lands are one touch: same person and campaign, same message, or
-- same click id, the visit at most thirty minutes after the click. A click lands the first visit
-- that follows it, a visit is landed by the last click before it.
{%- set next = 'over (partition by link_key order by occurred_at, hit_rank, touchpoint_key)' %}
with

click_links as (

    select * from {{ ref('int_core__click_links') }}

),

clicked_links as (

    -- most hits of a site follow no click that is on record: they need no sorting
    select distinct link_key
    from click_links
    where interaction = 'click'

),

clicked as (

    select
        click_links.*,
        {{ row_key_text('click_links.touch_key') }} as touchpoint_key,
        -- of several hits at one instant the visit itself is the landing
        case click_links.interaction when 'click' then 0 when 'visit' then 1 else 2 end as hit_rank
    from click_links
    inner join clicked_links
        on click_links.link_key = clicked_links.link_key

),

followed as (

    select
        touch_key as click_touch_key,
        record_key as click_record_key,
        touchpoint_key as click_touchpoint_key,
        interaction as click_interaction,
        occurred_at as clicked_at,
        lead(touch_key) {{ next }} as touch_key,
        lead(record_key) {{ next }} as record_key,
        lead(touchpoint_key) {{ next }} as touchpoint_key,
        lead(interaction) {{ next }} as interaction,
        lead(occurred_at) {{ next }} as occurred_at
    from clicked

),

matches as (

    -- several links may tie the same two
    select distinct *
    from followed
    where
        click_interaction = 'click'
        and interaction <> 'click'
        and {{ seconds_between('clicked_at', 'occurred_at') }} <= 1800

),

ranked as (

    select
        matches.*,
        row_number() over (
            partition by matches.touch_key
            order by matches.clicked_at desc, matches.click_touchpoint_key asc
        ) as click_rank,
        row_number() over (
            partition by matches.click_touch_key
            order by matches.occurred_at, matches.touchpoint_key
        ) as landing_rank
    from matches

),

final as (

    select
        touch_key,
        record_key,
        touchpoint_key,
        interaction,
        click_touch_key as landed_by_touch_key,
        click_record_key as landed_by_record_key,
        click_touchpoint_key as landed_by_touchpoint_key
    from ranked
    where
        click_rank = 1
        and landing_rank = 1

)

select * from final
