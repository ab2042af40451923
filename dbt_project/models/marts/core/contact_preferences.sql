-- Grain: one row per person who asked for something that limits or steers messages.
-- Values that cannot be read (several hours in one statement, a frequency that nobody listed) limit
-- nothing; the words as they were said are in preferences_current.
with

preferences as (

    select * from {{ ref('preferences_current') }}

),

frequencies as (

    select * from {{ ref('contact_frequencies') }}

),

said as (

    select
        person_id,
        max(case when preference = 'channel' then value end) as channels,
        max(case when preference = 'topic' then value end) as topics,
        max(case when preference = 'frequency' then value end) as frequency,
        max(
            case when preference = 'language' and value <> 'none' then lower(value) end
        ) as language_code,
        max(
            case when preference = 'quiet_hours' and {{ is_quiet_hours('value') }} then value end
        ) as quiet_hours,
        max(since) as since
    from preferences
    where preference in ('channel', 'topic', 'frequency', 'language', 'quiet_hours')
    group by person_id

),

final as (

    select
        said.person_id,
        said.channels,
        said.topics,
        said.frequency,
        frequencies.max_messages,
        frequencies.period_days,
        said.quiet_hours,
        cast(substr(said.quiet_hours, 1, 2) as integer) * 60
        + cast(substr(said.quiet_hours, 4, 2) as integer) as quiet_from_minute,
        cast(substr(said.quiet_hours, 7, 2) as integer) * 60
        + cast(substr(said.quiet_hours, 10, 2) as integer) as quiet_to_minute,
        said.language_code,
        said.since
    from said
    left join frequencies on said.frequency = frequencies.frequency

)

select * from final
