-- Grain: one row per channel on which people gave feedback: how content they were, from 0 (worst)
-- to 1 (best), and what about, the three topics named most.
with

feedback as (

    select
        channel,
        case when kind <> 'review' then topic end as topic,
        case
            when kind = 'nps' then cast(score as double) / 10
            when kind in ('csat', 'review') then (cast(score as double) - 1) / 4
        end as content
    from {{ ref('fct_feedback') }}

),

topic_counts as (

    select
        channel,
        topic,
        row_number() over (partition by channel order by count(*) desc, topic) as topic_rank
    from feedback
    where topic is not null
    group by channel, topic

),

topics as (

    select
        channel,
        {{ distinct_text('topic') }} as topics
    from topic_counts
    where topic_rank <= 3
    group by channel

),

scores as (

    -- to twelve digits: the sum of doubles depends on their order
    select
        channel,
        count(content) as score_count,
        round(avg(content), 12) as feedback_score
    from feedback
    group by channel

),

final as (

    select
        scores.channel,
        scores.score_count,
        scores.feedback_score,
        topics.topics
    from scores
    left join topics
        on scores.channel = topics.channel

)

select * from final
