-- Grain: one row per cutoff_at, as in int_features__cutoffs.
-- Its log tells the features which cutoffs are to be built again: as_of, new ones, those that are
-- gone, and past ones that lie after something that a file has brought since. A file that changed
-- may have said anything before, so it opens all of them.
{% call touched() %}
    select {{ as_of() }} as cutoff_at
    {% if is_increment() %}
        union all
        select cutoff_at from {{ this }}
        where cutoff_at not in (select cutoff_at from {{ ref('int_features__cutoffs') }})
        union all
        select cutoff_at from {{ ref('int_features__cutoffs') }}
        where
            cutoff_at not in (select cutoff_at from {{ this }})
            or {{ a_known_file_changed() }}
            or cutoff_at > (select min(loaded_at) from ({{ arrivals() }}) as arrivals)
    {% endif %}
{% endcall %}
{% set follows = arrivals() %}
with

cutoffs as (

    {{ touched_rows(ref('int_features__cutoffs')) }}

)

select
    cutoff_at,
    cutoff_number,
    -- so that the row differs after every landing that touched it
    {{ newest_landing_number() }} as landing_number
from cutoffs
