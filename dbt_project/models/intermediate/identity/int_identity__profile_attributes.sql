-- Grain: one row per (person_id, attribute).
-- Survivorship: the source with the best priority that says anything, then its newest word.
{%- set attributes = [
    'first_name', 'last_name', 'birth_date', 'street', 'postal_code', 'city', 'country_code',
] %}
with

contacts as (

    select
        contacts.*,
        record_persons.person_id
    from {{ ref('int_contracts__contacts') }} as contacts
    inner join {{ ref('int_identity__record_persons') }} as record_persons
        on record_persons.source = contacts.source
        and record_persons.record_id = contacts.record_id
    where contacts.superseded_at is null and record_persons.person_id is not null

),

source_priorities as (

    select * from {{ ref('source_priorities') }}

),

said as (

    {% for attribute in attributes %}
    select
        person_id,
        '{{ attribute }}' as attribute,
        {{ normalise_text('cast(' ~ attribute ~ ' as ' ~ string_type() ~ ')') }} as value,
        source,
        record_id,
        updated_at,
        loaded_at
    from contacts
    {% if not loop.last %}union all{% endif %}

    {% endfor %}

),

ranked as (

    select
        said.*,
        row_number() over (
            partition by said.person_id, said.attribute
            order by
                coalesce(source_priorities.priority, 1000), said.updated_at desc,
                said.loaded_at desc, said.source, said.record_id, said.value
        ) as position
    from said
    left join source_priorities on source_priorities.source = said.source
    where said.value is not null

),

final as (

    select person_id, attribute, value, source
    from ranked
    where position = 1

)

select * from final
