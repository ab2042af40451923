-- Grain: one row per identifier that several persons had in turn, and stretch of time in which one
-- of them had it; the stretches of an identifier are disjoint.
-- A device that met several persons links nobody, and neither does a pair that a limit parted, say
-- a number that moved to another customer. Records that name a person beside such an identifier are
-- sightings, and say who had it then.
{%- set policy = setting('shared_device_policy') %}
with

clusters as (

    select * from {{ ref('int_identity__clusters') }}

),

set_persons as (

    select * from {{ ref('int_identity__set_persons') }}

),

-- a person shows any identifier of a device, and has all of them
shared_devices as (

    select
        identifier_number,
        cluster_id as thing_number,
        scope,
        person_id as present_id,
        first_seen_at
    from clusters
    where scope = 'device' and met_person_count > 1

),

parted as (

    select distinct links.number_b as identifier_number
    from {{ ref('int_identity__links') }} as links
    inner join clusters as stronger on links.number_a = stronger.identifier_number
    inner join clusters as weaker on links.number_b = weaker.identifier_number
    where
        links.scope_a = 'person'
        and links.scope_b = 'person'
        and stronger.person_number <> weaker.person_number

),

-- what proves who somebody is does not move
moved as (

    select
        clusters.identifier_number,
        clusters.identifier_number as thing_number,
        clusters.scope,
        clusters.person_id as present_id,
        clusters.first_seen_at
    from parted
    inner join clusters on parted.identifier_number = clusters.identifier_number
    inner join {{ ref('int_identity__keys') }} as identifier_keys
        on parted.identifier_number = identifier_keys.identifier_number
    where identifier_keys.hub_limit is not null

),

shared as (

    select * from shared_devices
    union all
    select * from moved

),

-- few: before they are joined with the sets of everybody
members as (

    select * from {{ ref('int_identity__known_observations') }}
    where identifier_number in (
            select identifier_number from shared
            where {{ is_looked_for('identifier_number') }}
        )

),

sightings as (

    select distinct
        shared.thing_number,
        shared.scope,
        members.set_key,
        persons.person_id
    from members
    inner join shared on members.identifier_number = shared.identifier_number
    inner join set_persons on members.set_key = set_persons.set_key
    inner join clusters as persons on set_persons.identifier_number = persons.identifier_number
    where
        persons.scope = 'person'
        and set_persons.identifier_number <> members.identifier_number

),

seen as (

    select
        sightings.thing_number,
        sightings.scope,
        sightings.person_id,
        records.observed_at,
        records.record_key,
        lag(sightings.person_id) over (
            partition by sightings.thing_number order by records.observed_at, records.record_key
        ) as former_person_id
    from {{ ref('int_identity__records') }} as records
    inner join sightings on records.set_key = sightings.set_key
    where
        records.observed_at < {{ as_of() }}
        and records.loaded_at < {{ as_of() }}
        and {{ is_looked_for('sightings.set_key') }}

),

numbered as (

    select
        *,
        sum(case when person_id = former_person_id then 0 else 1 end) over (
            partition by thing_number order by observed_at, record_key
            rows between unbounded preceding and current row
        ) as turn_number
    from seen

),

turns as (

    select
        thing_number,
        scope,
        turn_number,
        person_id,
        min(observed_at) as seen_from,
        max(observed_at) as seen_until
    from numbered
    group by thing_number, scope, turn_number, person_id

),

followed as (

    select
        *,
        lag(seen_until) over (partition by thing_number order by turn_number) as former_until,
        lead(seen_from) over (partition by thing_number order by turn_number) as next_from
    from turns

),

last_turns as (

    select * from followed
    where next_from is null

),

-- between two persons the tenant's policy decides; what is no device is kept until it moves, and
-- only has a history where the last to show it is who has it (a steward may have said otherwise)
stretches as (

    select
        followed.person_id,
        shared.identifier_number,
        case
            when followed.scope = 'device' and {{ policy }} = 'next_known'
                then coalesce(followed.former_until, shared.first_seen_at)
            else followed.seen_from
        end as valid_from,
        case
            when followed.scope = 'device' and {{ policy }} <> 'last_known' then followed.seen_until
            else coalesce(followed.next_from, {{ end_of_time() }})
        end as valid_before
    from followed
    inner join shared on followed.thing_number = shared.thing_number
    inner join last_turns on followed.thing_number = last_turns.thing_number
    where followed.scope = 'device' or last_turns.person_id = shared.present_id

),

final as (

    select
        {{ surrogate_key(['identifier_number', 'valid_from']) }} as ownership_key,
        identifier_number,
        person_id,
        valid_from,
        valid_before
    from stretches
    where valid_from < valid_before

)

select * from final
