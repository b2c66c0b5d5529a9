with history as (

    select * from {{ ref('int_drift__heads_history') }}

),

versions as (

    select distinct
        plan_version,
        effective_from
    from {{ ref('int_plan__months_in_force') }}

),

-- heads that come and go in a month, per head, over all cells before the plan
final as (

    select
        versions.plan_version,
        count(distinct history.month_start) as months_count,
        {{ ratio(
            'sum(history.change_heads * history.change_heads)',
            'sum(history.opening_heads)'
        ) }} as variance_factor
    from versions
    inner join history
        on history.month_start < versions.effective_from
    group by versions.plan_version

)

select * from final
