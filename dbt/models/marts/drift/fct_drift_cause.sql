with windows as (

    select
        *,
        actual_cents - plan_cents as variance_cents,
        {{ ratio('actual_cents', 'plan_cents') }} as attainment_share
    from {{ ref('int_drift__windows') }}

),

factors as (

    select * from {{ ref('int_drift__factors') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

-- the mean of plan and actual under which logarithms of factors sum to the variance
split as (

    select
        factors.*,
        cast(
            round(
                case
                    when windows.variance_cents = 0 then windows.plan_cents
                    else windows.variance_cents / ln(windows.attainment_share)
                end
                * ln(factors.actual_factor / factors.plan_factor)
            ) as bigint
        ) as amount_cents
    from factors
    inner join windows
        on
            factors.node_level = windows.node_level
            and factors.node_id = windows.node_id

),

known as (

    select
        node_level,
        node_id,
        cast(sum(amount_cents) as bigint) as amount_cents,
        max(case when cause = 'win_rate' then 1 else 0 end) = 1 as has_deals
    from split
    group by node_level, node_id

),

causes as (

    select * from split

    union all

    -- what no factor explains: how many deals each ramped seller brought to an end
    select
        windows.node_level,
        windows.node_id,
        case when known.has_deals then 'coverage' else 'productivity' end as cause,
        cast(null as double) as plan_factor,
        cast(null as double) as actual_factor,
        windows.variance_cents - coalesce(known.amount_cents, 0) as amount_cents
    from windows
    left join known
        on
            windows.node_level = known.node_level
            and windows.node_id = known.node_id

),

company as (

    select attainment_share from windows
    where node_level = 'company'

),

final as (

    select
        causes.node_level,
        causes.node_id,
        causes.cause,
        windows.plan_version,
        windows.first_month_start,
        windows.last_month_start,
        windows.plan_cents,
        windows.actual_cents,
        causes.plan_factor,
        causes.actual_factor,
        causes.amount_cents,
        -- a node no further off than the whole company has no story of its own
        coalesce(
            abs(windows.attainment_share - 1) <= abs(company.attainment_share - 1)
            and (windows.attainment_share < 1) = (company.attainment_share < 1),
            false
        ) as is_explained_by_company,
        run.as_of
    from causes
    inner join windows
        on
            causes.node_level = windows.node_level
            and causes.node_id = windows.node_id
    cross join run
    left join company
        on windows.node_level <> 'company'

)

select * from final
