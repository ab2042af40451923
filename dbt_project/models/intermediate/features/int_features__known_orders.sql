-- Grain: one row per cutoff and order row of a person, as it was known before the cutoff.
-- Past cutoffs take the version and the person known then; as_of reads the current orders.
{% call touched() %}
    {{ touched_cutoff_features() }}
{% endcall %}
with

cutoffs as (

    select touched.* from ({{ touched_rows(ref('int_features__cutoffs')) }}) as touched
    where touched.cutoff_number > 0

),

set_persons as (

    select * from {{ ref('int_identity__set_persons_before') }}

),

exchange_rates as (

    select * from {{ ref('int_core__exchange_rates') }}

),

keyed as (

    select
        orders.*,
        records.set_key,
        records.loaded_at as record_loaded_at
    from {{ ref('int_contracts__orders') }} as orders
    left join {{ ref('int_identity__records') }} as records
        on orders.record_key = records.record_key

),

told as (

    select
        cutoffs.cutoff_at,
        keyed.*,
        case when keyed.record_loaded_at < cutoffs.cutoff_at then keyed.set_key end as known_set_key
    from keyed
    inner join cutoffs
        on keyed.ordered_at < cutoffs.cutoff_at
            and {{ known_at_cutoff('keyed') }}

),

known as (

    select
        told.*,
        set_persons.person_number
    from told
    left join set_persons
        on told.cutoff_at = set_persons.cutoff_at
            and told.known_set_key = set_persons.set_key

),

refunding as (

    select
        cutoff_at,
        source,
        order_id,
        related_order_id
    from known
    where related_order_id is not null

),

owners as (

    -- a refund belongs to the person of its order, as in fct_orders; where that is nobody's, to the
    -- person that the refund itself names
    select
        refunding.cutoff_at,
        refunding.source,
        refunding.order_id,
        known.person_number
    from refunding
    inner join known
        on refunding.cutoff_at = known.cutoff_at
            and refunding.source = known.source
            and refunding.related_order_id = known.order_id

),

past as (

    select
        known.cutoff_at,
        coalesce(owners.person_number, known.person_number) as person_number,
        known.order_id,
        known.channel,
        known.ordered_at,
        known.status = 'completed' as is_completed,
        known.status = 'refunded'
        or (known.related_order_id is not null and known.revenue_amount < 0) as is_refund,
        cast(
            case
                when known.status = 'completed' or known.revenue_amount < 0
                    then known.revenue_amount * exchange_rates.rate
                else 0
            end as decimal(18, 4)
        ) as net_revenue_amount,
        cast(known.discount_amount * exchange_rates.rate as decimal(18, 4)) as discount_amount
    from known
    left join owners
        on known.cutoff_at = owners.cutoff_at
            and known.source = owners.source
            and known.order_id = owners.order_id
    left join exchange_rates
        on known.currency = exchange_rates.from_currency
            and known.ordered_at >= exchange_rates.valid_from
            and known.ordered_at < exchange_rates.valid_before

),

present as (

    select
        {{ as_of() }} as cutoff_at,
        named_person_number as person_number,
        order_id,
        channel,
        ordered_at,
        status = 'completed' as is_completed,
        is_refund,
        net_revenue_amount,
        discount_amount
    from {{ ref('fct_orders') }}
    where ordered_at < {{ as_of() }} {{ and_touched(as_of()) }}

),

combined as (

    {% if past_is_touched() %}
        select * from past
        union all
    {% endif %}
    select * from present

),

final as (

    select
        *,
        {{ days_before('ordered_at', 'cutoff_at') }} as age_days
    from combined
    where person_number is not null

)

select * from final
