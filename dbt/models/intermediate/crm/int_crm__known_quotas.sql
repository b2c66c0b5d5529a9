with known as (

    {{ as_known(ref('stg_crm__quotas'), ['rep_id', 'period_start']) }}

),

final as (

    select
        rep_id,
        quota_cents,
        currency,
        period_start,
        period_end,
        known_on
    from known

)

select * from final
