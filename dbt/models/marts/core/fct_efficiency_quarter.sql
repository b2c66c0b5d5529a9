with expenses as (

    select
        periods.quarter_start,
        cast(
            sum(
                case
                    when expenses.expense_type = 'sales_and_marketing'
                        then expenses.actual_cents
                end
            ) as bigint
        ) as sales_and_marketing_cents,
        cast(
            sum(
                case
                    when expenses.expense_type = 'cost_of_revenue'
                        then expenses.actual_cents
                end
            ) as bigint
        ) as cost_of_revenue_cents,
        cast(sum(expenses.actual_cents) as bigint) as expense_cents
    from {{ ref('fct_expense_month') }} as expenses
    inner join {{ ref('dim_fiscal_period') }} as periods
        on expenses.month_start = periods.month_start
    where expenses.actual_cents is not null
    group by periods.quarter_start

),

arr as (

    select
        periods.quarter_start,
        cast(sum(retention.new_cents) as bigint) as new_arr_cents,
        cast(sum(retention.expansion_cents) as bigint) as expansion_arr_cents,
        cast(sum(retention.closing_cents - retention.opening_cents) as bigint) as net_new_arr_cents
    from {{ ref('fct_retention_month') }} as retention
    inner join {{ ref('dim_fiscal_period') }} as periods
        on retention.month_start = periods.month_start
    where retention.node_level = 'company'
    group by periods.quarter_start

),

revenue as (

    select
        periods.quarter_start,
        cast(sum(months.recognised_cents) as bigint) as revenue_cents
    from {{ ref('fct_revenue_month') }} as months
    inner join {{ ref('dim_fiscal_period') }} as periods
        on months.month_start = periods.month_start
    group by periods.quarter_start

),

joined as (

    select
        quarters.*,
        revenue.revenue_cents,
        expenses.sales_and_marketing_cents,
        expenses.cost_of_revenue_cents,
        expenses.expense_cents,
        arr.new_arr_cents,
        arr.expansion_arr_cents,
        arr.net_new_arr_cents,
        lag(expenses.sales_and_marketing_cents) over in_time as prior_cents,
        lag(revenue.revenue_cents, 4) over in_time as year_ago_cents
    from {{ ref('dim_fiscal_quarter') }} as quarters
    left join expenses
        on quarters.quarter_start = expenses.quarter_start
    left join arr
        on quarters.quarter_start = arr.quarter_start
    left join revenue
        on quarters.quarter_start = revenue.quarter_start
    where quarters.is_complete or quarters.is_partial
    window in_time as (order by quarters.quarter_start)

),

divided as (

    select
        *,
        {{ ratio('revenue_cents - cost_of_revenue_cents', 'revenue_cents') }} as gross,
        {{ ratio('revenue_cents - expense_cents', 'revenue_cents') }} as operating,
        {{ ratio('revenue_cents - year_ago_cents', 'year_ago_cents') }} as growth,
        {{ ratio('prior_cents', 'new_arr_cents + expansion_arr_cents') }} as cost_of_arr
    from joined

),

final as (

    select
        fiscal_year,
        fiscal_quarter,
        quarter_start,
        revenue_cents,
        cost_of_revenue_cents,
        sales_and_marketing_cents,
        expense_cents,
        new_arr_cents,
        expansion_arr_cents,
        net_new_arr_cents,
        {{ stable('gross') }} as gross_margin_share,
        {{ stable('operating') }} as operating_margin_share,
        {{ stable('growth') }} as growth_share,
        {{ stable(ratio('net_new_arr_cents', 'prior_cents')) }} as magic_number,
        {{ stable(ratio('sales_and_marketing_cents', 'new_arr_cents')) }} as new_cac_ratio,
        {{ stable('12 * cost_of_arr / nullif(gross, 0)') }} as cac_payback_months,
        {{ stable('growth + operating') }} as rule_of_40_share,
        is_partial,
        as_of
    from divided

)

select * from final
