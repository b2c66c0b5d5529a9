with spells as (

    select * from {{ ref('int_hris__job_spells') }}

),

jobs as (

    select
        worker_id,
        min(rep_id) as rep_id
    from {{ ref('int_rep__current_jobs') }}
    where worker_id is not null
    group by worker_id

),

reps as (

    select * from {{ ref('int_rep__reps') }}

),

defaults as (

    select min(segment_id) as segment_id
    from {{ ref('stg_reference__segments') }}
    where is_default

),

moments as (

    select
        month_start,
        'opening' as moment,
        {{ add_days(-1, 'month_start') }} as counted_on
    from {{ ref('int_policy__months') }}
    where has_begun

    union all

    select
        month_start,
        'closing' as moment,
        least(month_end, data_through) as counted_on
    from {{ ref('int_policy__months') }}
    where has_begun

),

final as (

    -- heads in the evening of the day counted: whoever leaves that day is gone
    select
        spells.worker_id,
        moments.month_start,
        moments.moment,
        moments.counted_on,
        spells.role,
        spells.fte_share,
        spells.hired_on,
        spells.left_on,
        coalesce(
            spells.segment_id, reps.segment_id, defaults.segment_id
        ) as segment_id
    from spells
    inner join moments
        on
            spells.valid_from <= moments.counted_on
            and coalesce(spells.valid_to, {{ end_of_time() }}) >= moments.counted_on
            and coalesce(spells.left_on, {{ end_of_time() }}) > moments.counted_on
    cross join defaults
    left join jobs
        on spells.worker_id = jobs.worker_id
    left join reps
        on jobs.rep_id = reps.rep_id
    where spells.role is not null

)

select * from final
