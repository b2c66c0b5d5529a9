with known as (

    {{ as_known(ref('stg_crm__opportunity_splits'), ['opportunity_id', 'rep_id', 'split_type']) }}

),

final as (

    select
        opportunity_id,
        rep_id,
        split_type,
        credit_share,
        known_on
    from known

)

select * from final
