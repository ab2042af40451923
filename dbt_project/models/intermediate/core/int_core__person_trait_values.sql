-- Grain: one row per person and trait, by the rule of the trait registry (ops.trait_rules);
-- without a rule the last value, as text.
{% call touched() %}
    {{ touched_owners('traits') }}
{% endcall %}
with

traits as (

    select * from {{ ref('int_contracts__traits') }}

),

record_persons as (

    {{ touched_rows(
        '(' ~ record_persons_of(ref('int_contracts__traits')) ~ ') as told', 'person_id'
    ) }}

),

trait_rules as (

    select * from {{ source('ops', 'trait_rules') }}

),

statements as (

    select
        record_persons.person_id,
        traits.trait,
        traits.value,
        coalesce(trait_rules.type, 'string') as trait_type,
        coalesce(trait_rules.rule, 'last') as trait_rule,
        traits.updated_at,
        traits.loaded_at,
        row_number() over (
            partition by record_persons.person_id, traits.trait
            order by
                traits.updated_at,
                traits.loaded_at,
                traits.source,
                traits.record_id
        ) as position,
        count(*) over (
            partition by record_persons.person_id, traits.trait, traits.value
        ) as value_count
    from traits
    inner join record_persons
        on traits.record_key = record_persons.record_key
    left join trait_rules
        on traits.trait = trait_rules.trait
    where
        traits.superseded_at is null
        and record_persons.person_id is not null

),

ranked as (

    select
        statements.*,
        row_number() over (
            partition by statements.person_id, statements.trait
            order by
                case
                    when statements.trait_rule = 'most_frequent' then statements.value_count else 0
                end desc,
                case
                    when statements.trait_rule = 'first' then statements.position
                    else -statements.position
                end
        ) as value_rank
    from statements

),

chosen as (

    select
        person_id,
        trait,
        max(trait_type) as trait_type,
        max(trait_rule) as trait_rule,
        case
            when max(trait_rule) = 'sum'
                then cast(
                        sum(try_cast(value as decimal(18, 4))) as {{ string_type() }}
                    )
            else max(case when value_rank = 1 then value end)
        end as value_text,
        count(*) as statement_count,
        max(updated_at) as updated_at,
        max(loaded_at) as last_loaded_at
    from ranked
    group by person_id, trait

),

final as (

    select
        person_id,
        trait,
        trait_type,
        trait_rule,
        value_text,
        case
            when trait_type in ('decimal', 'integer')
                then try_cast(value_text as decimal(18, 4))
        end as value_number,
        case
            when trait_type <> 'boolean' then null
            when lower(value_text) in ('true', 't', 'yes', 'y', '1') then true
            when lower(value_text) in ('false', 'f', 'no', 'n', '0') then false
        end as value_boolean,
        case when trait_type = 'date' then try_cast(value_text as date) end as value_date,
        cast(statement_count as bigint) as statement_count,
        updated_at,
        last_loaded_at
    from chosen

)

select * from final
