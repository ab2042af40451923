-- Grain: one row per month (tenant's calendar): margin per person with and without the universal
-- holdout, by intention to treat, and what the brand's own messages returned.
with

persons as (

    -- whom a message could have been meant for: known before the month began
    select
        person_id,
        {{ month_start(local_time('first_seen_at', setting('timezone'))) }} as first_month,
        {{ in_universal_holdout(split_bucket(setting('split_salt'), 'person_id')) }} as is_holdout
    from {{ ref('persons') }}
    where is_known

),

order_months as (

    select
        person_id,
        {{ month_start('order_date') }} as month_start,
        sum(margin_amount) as margin_amount,
        sum(case when margin_amount is null then 1 else 0 end) as unknown_margin_count
    from {{ ref('int_kpis__orders') }}
    where person_id is not null
    group by person_id, month_start

),

months as (

    select
        month_start,
        {{ add_time('cast(month_start as timestamp)', 1, 'month') }}
        <= {{ local_time(as_of(), setting('timezone')) }} as is_mature
    from order_months
    group by month_start

),

arms as (

    select
        first_month,
        is_holdout,
        count(*) as person_count
    from persons
    group by first_month, is_holdout

),

arm_months as (

    select
        months.month_start,
        months.is_mature,
        arms.is_holdout,
        sum(arms.person_count) as person_count
    from months
    inner join arms
        on months.month_start > arms.first_month
    group by months.month_start, months.is_mature, arms.is_holdout

),

arm_margins as (

    select
        order_months.month_start,
        persons.is_holdout,
        sum(order_months.margin_amount) as margin_amount,
        sum(cast(order_months.margin_amount * order_months.margin_amount as decimal(38, 8)))
            as squared_amount,
        sum(order_months.unknown_margin_count) as unknown_margin_count
    from order_months
    inner join persons
        on order_months.person_id = persons.person_id
            and order_months.month_start > persons.first_month
    group by order_months.month_start, persons.is_holdout

),

contacted as (

    -- a holdout that was written to is none
    select
        {{ month_start(local_time('touchpoints.occurred_at', setting('timezone'))) }}
            as month_start,
        count(distinct touchpoints.person_id) as contacted_count
    from {{ ref('fct_touchpoints') }} as touchpoints
    inner join persons
        on touchpoints.person_id = persons.person_id
    where touchpoints.interaction = 'send' and persons.is_holdout
    group by month_start

),

spend as (

    select
        {{ month_start('days.activity_date') }} as month_start,
        sum(days.cost_amount) as spend_amount
    from {{ ref('channel_daily') }} as days
    inner join {{ ref('channels') }} as channels
        on days.channel = channels.channel
    where channels.is_owned and channels.is_addressable and not channels.is_pull
    group by month_start

),

measured as (

    select
        arm_months.month_start,
        arm_months.is_mature,
        arm_months.is_holdout,
        cast(arm_months.person_count as double) as person_count,
        coalesce(arm_margins.unknown_margin_count, 0) as unknown_margin_count,
        cast(coalesce(arm_margins.margin_amount, 0) as double) / arm_months.person_count as mean,
        (
            cast(coalesce(arm_margins.squared_amount, 0) as double)
            - power(cast(coalesce(arm_margins.margin_amount, 0) as double), 2)
            / arm_months.person_count
        ) / nullif(arm_months.person_count - 1, 0) as variance
    from arm_months
    left join arm_margins
        on arm_months.month_start = arm_margins.month_start
            and arm_months.is_holdout = arm_margins.is_holdout

),

paired as (

    select
        treated.month_start,
        treated.is_mature,
        treated.person_count as treated_count,
        held.person_count as holdout_count,
        treated.mean as treated_mean,
        held.mean as holdout_mean,
        treated.unknown_margin_count + held.unknown_margin_count as unknown_margin_count,
        treated.mean - held.mean as effect,
        -- 95 %, unequal variances, large samples
        1.959963984540054 * sqrt(
            greatest(treated.variance, 0) / treated.person_count
            + greatest(held.variance, 0) / held.person_count
        ) as margin_of_error
    from measured as treated
    inner join measured as held
        on treated.month_start = held.month_start
    where not treated.is_holdout and held.is_holdout

),

final as (

    select
        paired.month_start,
        paired.is_mature,
        cast(paired.treated_count as bigint) as treated_count,
        cast(paired.holdout_count as bigint) as holdout_count,
        cast(coalesce(contacted.contacted_count, 0) as bigint) as holdout_contacted_count,
        cast(paired.unknown_margin_count as bigint) as unknown_margin_count,
        paired.treated_mean as treated_margin_per_person,
        paired.holdout_mean as holdout_margin_per_person,
        paired.effect as incremental_margin_per_person,
        paired.effect - paired.margin_of_error as incremental_margin_per_person_low,
        paired.effect + paired.margin_of_error as incremental_margin_per_person_high,
        paired.effect * paired.treated_count as incremental_margin_amount,
        cast(coalesce(spend.spend_amount, 0) as decimal(18, 4)) as spend_amount,
        case
            when
                paired.is_mature
                and paired.unknown_margin_count = 0
                and contacted.contacted_count is null
                then (
                    paired.effect * paired.treated_count - cast(spend.spend_amount as double)
                ) / nullif(cast(spend.spend_amount as double), 0)
        end as iromi
    from paired
    left join contacted
        on paired.month_start = contacted.month_start
    left join spend
        on paired.month_start = spend.month_start

)

select * from final
