-- Grain: one row per calendar day, 2000-01-01 to 2054-10-03: days on which nothing happened too.
with

numbers as (

    {{ numbers_below_thousand() }}

),

days as (

    select
        cast(
            {{ add_time(
                "timestamp '2000-01-01 00:00:00'", 'thousands.number * 1000 + numbers.number', 'day'
            ) }} as date
        ) as date_day
    from numbers
    cross join numbers as thousands
    where thousands.number < 20

),

final as (

    select
        date_day,
        cast(date_trunc('week', date_day) as date) as week_start,
        {{ month_start('date_day') }} as month_start,
        cast(date_trunc('quarter', date_day) as date) as quarter_start,
        cast({{ days_between("date_trunc('week', date_day)", 'date_day') }} + 1 as integer)
            as day_of_week
    from days

)

select * from final
