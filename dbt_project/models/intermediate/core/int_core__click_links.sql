-- Grain: one row per link and hit (current version) that has it: what a click and the visit that it
-- lands may have in common is person and campaign, the message, or the click id.
{% call touched() %}
    select record_key from {{ changes(ref('int_contracts__touchpoints')) }}
    union all
    select record_key from {{ touched_records() }} as touched_records
{% endcall %}
with

touchpoints as (

    {{ touched_rows(ref('int_contracts__touchpoints')) }}

),

records as (

    {{ touched_rows(ref('int_identity__records')) }}

),

set_persons as (

    select * from {{ ref('int_identity__set_persons') }}

),

click_identifiers as (

    select identifier_number from {{ ref('int_identity__keys') }}
    where
        identifier_type = 'ad_click_id'
        and is_valid

),

click_ids as (

    select
        members.set_key,
        min(members.identifier_number) as click_number
    from {{ ref('int_identity__set_members') }} as members
    inner join click_identifiers
        on members.identifier_number = click_identifiers.identifier_number
    where members.superseded_at is null
    group by members.set_key

),

hits as (

    select
        version_key as touch_key,
        record_key,
        interaction,
        occurred_at,
        coalesce(campaign_id, utm_campaign) as campaign_id,
        message_id
    from touchpoints
    where
        superseded_at is null
        and interaction in ('click', 'visit', 'page_view', 'product_view', 'app_open')
        and is_automated is not true

),

known_hits as (

    select
        hits.*,
        set_persons.person_id,
        click_ids.click_number
    from hits
    left join records
        on hits.record_key = records.record_key
    left join set_persons
        on records.set_key = set_persons.set_key
    left join click_ids
        on records.set_key = click_ids.set_key

),

linked as (

    select
        {{ row_key([
            "'campaign'", 'known_hits.person_id', 'known_hits.campaign_id',
        ]) }} as link_key,
        known_hits.*
    from known_hits
    where
        known_hits.person_id is not null
        and known_hits.campaign_id is not null
    union all
    select
        {{ row_key(["'message'", 'known_hits.message_id']) }} as link_key,
        known_hits.*
    from known_hits
    where known_hits.message_id is not null
    union all
    select
        {{ row_key([
            "'click'", 'cast(known_hits.click_number as ' ~ string_type() ~ ')',
        ]) }} as link_key,
        known_hits.*
    from known_hits
    where known_hits.click_number is not null

),

final as (

    select
        link_key,
        touch_key,
        record_key,
        interaction,
        occurred_at
    from linked

)

select * from final
