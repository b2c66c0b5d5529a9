with quotas as (

    select
        known.rep_id,
        known.period_start,
        known.period_end,
        {{ exchanged('known.quota_cents', 'coalesce(rates.company_currency_per_unit, 1)') }}
            as quota_cents
    from {{ ref('int_crm__known_quotas') }} as known
    left join {{ ref('int_currency__plan_rates') }} as rates
        on {{ currency_code('known.currency') }} = rates.currency

),

months as (

    select * from {{ ref('int_policy__months') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

covered as (

    select
        quotas.rep_id,
        quotas.period_start,
        quotas.quota_cents,
        months.month_start,
        row_number() over (
            partition by quotas.rep_id, quotas.period_start order by months.month_start
        ) as place,
        count(*) over (
            partition by quotas.rep_id, quotas.period_start
        ) as months_count
    from quotas
    inner join months
        on
            quotas.period_start <= months.month_end
            and quotas.period_end >= months.month_start

),

final as (

    -- evenly over the months of the period; the months sum to the quota exactly
    select
        covered.rep_id,
        covered.month_start,
        cast(
            sum(
                {{ part_of(
                    'covered.quota_cents', 'covered.place - 1', 'covered.place',
                    'covered.months_count'
                ) }}
            ) as bigint
        ) as quota_cents,
        run.as_of
    from covered
    cross join run
    group by covered.rep_id, covered.month_start, run.as_of

)

select * from final
