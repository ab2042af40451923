-- Grain: one row per funnel, step (0 = what ends a chain) and kind of event: an interaction on one
-- channel, or on any (channel is null). Orders are the interactions first_order and repeat_order.
-- In strict_order every other engagement of a person stands between two steps: is_other, as step 0.
with

funnels as (

    select * from {{ ref('int_journeys__funnel_slices') }}
    where slice_by = '(all)'

),

funnel_steps as (

    select * from {{ ref('funnel_steps') }}

),

interactions as (

    select * from {{ ref('interactions') }}

),

channels as (

    select * from {{ ref('channels') }}

),

steps as (

    select
        funnels.funnel_number,
        funnels.funnel,
        funnels.mode,
        funnels.window_s,
        funnel_steps.step_number,
        concat('|', funnel_steps.interactions, '|') as interactions,
        case when funnel_steps.channels is not null
                then concat('|', funnel_steps.channels, '|')
        end as channels
    from funnels
    inner join funnel_steps
        on funnels.funnel = funnel_steps.funnel

),

actions as (

    select
        interaction,
        interaction as name,
        direction = 'inbound' and is_engagement as is_own
    from interactions
    union all
    select
        'first_order' as interaction,
        'first_order' as name,
        true as is_own
    union all
    select
        'first_order' as interaction,
        'order' as name,
        true as is_own
    union all
    select
        'repeat_order' as interaction,
        'repeat_order' as name,
        true as is_own
    union all
    select
        'repeat_order' as interaction,
        'order' as name,
        true as is_own

),

on_any_channel as (

    select
        steps.*,
        actions.interaction
    from steps
    inner join actions
        on instr(steps.interactions, concat('|', actions.name, '|')) > 0

),

-- a name in the list is a channel or a group of channels
matched as (

    select
        on_any_channel.*,
        channels.channel
    from on_any_channel
    inner join channels
        on instr(on_any_channel.channels, concat('|', channels.channel, '|'))
            + instr(on_any_channel.channels, concat('|', channels.channel_group, '|')) > 0
    union all
    select
        on_any_channel.*,
        cast(null as {{ string_type() }}) as channel
    from on_any_channel
    where on_any_channel.channels is null

),

other as (

    select distinct
        funnels.funnel_number,
        funnels.funnel,
        funnels.mode,
        funnels.window_s,
        actions.interaction,
        channels.channel
    from funnels
    cross join actions
    cross join channels
    left join matched
        on funnels.funnel_number = matched.funnel_number
            and actions.interaction = matched.interaction
            and channels.channel = coalesce(matched.channel, channels.channel)
    where
        funnels.mode = 'strict_order'
        and actions.is_own
        and matched.funnel_number is null

),

final as (

    select distinct
        funnel_number,
        funnel,
        mode,
        window_s,
        cast(step_number as int) as step_number,
        interaction,
        channel,
        false as is_other
    from matched
    union all
    select
        funnel_number,
        funnel,
        mode,
        window_s,
        0 as step_number,
        interaction,
        channel,
        true as is_other
    from other

)

select * from final
