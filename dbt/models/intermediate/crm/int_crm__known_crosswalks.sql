with known as (

    {{ as_known(ref('stg_crm__crosswalks'), ['kind', 'crm_id', 'other_id']) }}

),

final as (

    select
        kind,
        crm_id,
        other_id,
        is_same,
        decided_on,
        known_on
    from known

)

select * from final
