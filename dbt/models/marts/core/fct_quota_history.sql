with versions as (

    select * from {{ ref('stg_crm__quotas') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

in_order as (

    select
        versions.*,
        run.as_of,
        lead(versions.known_on) over (
            partition by versions.rep_id, versions.period_start
            order by versions.known_on
        ) as next_known_on
    from versions
    inner join run
        on versions.known_on <= run.as_of

),

final as (

    select
        rep_id,
        period_start as valid_from,
        period_end as valid_to,
        known_on as known_from,
        {{ add_days(-1, 'next_known_on') }} as known_to,
        quota_cents,
        currency,
        next_known_on is null as is_current,
        as_of
    from in_order
    where not is_deleted

)

select * from final
