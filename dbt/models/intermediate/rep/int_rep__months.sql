with reps as (

    select * from {{ ref('int_rep__reps') }}

),

credits as (

    select * from {{ ref('int_crm__credits') }}

),

spells as (

    select * from {{ ref('int_rep__job_spells') }}

),

months as (

    select
        *,
        least(month_end, data_through) as counted_on
    from {{ ref('int_policy__months') }}
    where has_begun

),

first_won as (

    select
        rep_id,
        min(close_date) as first_won_on
    from credits
    group by rep_id

),

-- nothing can be said of the months before the company's first booking
company as (

    select min(first_won_on) as first_won_on
    from first_won

),

panel as (

    select
        reps.*,
        months.month_start,
        months.counted_on,
        months.is_complete,
        months.as_of
    from reps
    cross join company
    left join first_won
        on reps.rep_id = first_won.rep_id
    inner join months
        on
            months.month_end >= company.first_won_on
            and months.month_end >= least(reps.first_active_on, first_won.first_won_on)

),

jobs as (

    select
        panel.rep_id,
        panel.month_start,
        spells.role,
        spells.segment_id,
        spells.region_id,
        row_number() over (
            partition by panel.rep_id, panel.month_start
            order by spells.valid_from desc
        ) as recency
    from panel
    inner join spells
        on panel.rep_id = spells.rep_id and spells.valid_from <= panel.counted_on

),

final as (

    select
        panel.rep_id,
        panel.month_start,
        panel.hired_on,
        panel.tenure_from_on,
        panel.left_on,
        panel.is_complete,
        panel.as_of,
        coalesce(jobs.role, panel.role) as role,
        coalesce(jobs.segment_id, panel.segment_id) as segment_id,
        coalesce(jobs.region_id, panel.region_id) as region_id
    from panel
    left join jobs
        on
            panel.rep_id = jobs.rep_id
            and panel.month_start = jobs.month_start
            and jobs.recency = 1

)

select * from final
