-- Grain: one row per person of whom some record says an attribute.
-- Survivorship: per attribute the best source that knows it wins, and of one source what it said
-- last. An address is one thing: street, postal code, city and country come from the same record,
-- because parts of two addresses make a third one where nobody lives.
{% call touched() %}
    {{ touched_owners('contacts') }}
{% endcall %}
with

contacts as (

    select * from {{ ref('int_contracts__contacts') }}

),

record_persons as (

    {{ touched_rows(
        '(' ~ record_persons_of(ref('int_contracts__contacts')) ~ ') as told', 'person_id'
    ) }}

),

source_priorities as (

    select * from {{ ref('source_priorities') }}

),

known_contacts as (

    -- an empty text is no word
    select
        source,
        record_id,
        record_key,
        updated_at,
        loaded_at,
        birth_date,
        {% for attribute in [
            'first_name', 'last_name', 'gender', 'language_code', 'timezone', 'loyalty_tier',
            'acquisition_channel', 'referred_by_record_id', 'street', 'postal_code', 'city',
        ] %}
            {{ normalise_text(attribute) }} as {{ attribute }},
        {% endfor %}
        upper({{ normalise_text('country_code') }}) as country_code
    from contacts
    where superseded_at is null

),

statements as (

    select
        record_persons.person_id,
        known_contacts.*,
        known_contacts.street is not null
        or known_contacts.postal_code is not null
        or known_contacts.city is not null as has_address,
        row_number() over (
            partition by record_persons.person_id
            order by
                coalesce(source_priorities.priority, 100),
                known_contacts.updated_at desc,
                known_contacts.loaded_at desc,
                known_contacts.source asc,
                known_contacts.record_id asc
        ) as precedence
    from known_contacts
    inner join record_persons
        on known_contacts.record_key = record_persons.record_key
    left join source_priorities
        on known_contacts.source = source_priorities.source
    where record_persons.person_id is not null

),

addressed as (

    select
        statements.*,
        min(case when statements.has_address then statements.precedence end)
            over (partition by statements.person_id)
            as address_precedence
    from statements

),

winners as (

    select
        person_id,
        {% for attribute in [
            'first_name', 'last_name', 'birth_date', 'gender', 'language_code', 'timezone',
            'loyalty_tier', 'acquisition_channel', 'referred_by_record_id', 'country_code',
        ] %}
            min_by({{ attribute }}, precedence) filter (where {{ attribute }} is not null)
                as {{ attribute }},
            min_by(source, precedence) filter (where {{ attribute }} is not null)
                as {{ attribute }}_source,
        {% endfor %}
        {% for attribute in ['street', 'postal_code', 'city'] %}
            max(case when precedence = address_precedence then {{ attribute }} end)
                as {{ attribute }},
        {% endfor %}
        max(case when precedence = address_precedence then country_code end)
            as address_country_code,
        max(case when precedence = address_precedence then source end) as address_source,
        max(updated_at) as updated_at,
        max(loaded_at) as last_loaded_at
    from addressed
    group by person_id

),

final as (

    select
        person_id,
        first_name,
        first_name_source,
        last_name,
        last_name_source,
        birth_date,
        birth_date_source,
        gender,
        gender_source,
        street,
        case when street is not null then address_source end as street_source,
        postal_code,
        case when postal_code is not null then address_source end as postal_code_source,
        city,
        case when city is not null then address_source end as city_source,
        coalesce(address_country_code, country_code) as country_code,
        case
            when address_country_code is not null then address_source
            else country_code_source
        end as country_code_source,
        language_code,
        language_code_source,
        timezone,
        timezone_source,
        loyalty_tier,
        loyalty_tier_source,
        acquisition_channel,
        acquisition_channel_source,
        referred_by_record_id,
        updated_at,
        last_loaded_at
    from winners

)

select * from final
