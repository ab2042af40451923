-- Grain: one row per past cutoff and identifier set known then.
{% call touched() %}
    {{ touched_cutoffs() }}
{% endcall %}
with

resolved as (

    {{ identity_set_identifiers(
        ref('int_identity__known_observations_at_cutoff'), ref('int_identity__clusters_at_cutoff')
    ) | indent(4) }}

),

final as (

    select
        resolved.cutoff_at,
        resolved.set_key,
        clusters.person_number
    from resolved
    left join {{ ref('int_identity__clusters_at_cutoff') }} as clusters
        on resolved.cutoff_at = clusters.cutoff_at
            and resolved.identifier_number = clusters.identifier_number

)

select * from final
