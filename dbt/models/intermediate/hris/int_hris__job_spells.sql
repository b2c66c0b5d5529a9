with jobs as (

    select * from {{ ref('int_hris__known_job_changes') }}

),

workers as (

    select * from {{ ref('int_hris__known_workers') }}

),

roles as (

    select * from {{ ref('int_policy__roles_matched') }}

),

segments as (

    select * from {{ ref('int_policy__segments_matched') }}

),

in_order as (

    select
        jobs.*,
        workers.hired_on,
        workers.left_on,
        coalesce(workers.fte_share, 1.0) as fte_share,
        lead(jobs.effective_on) over (
            partition by jobs.worker_id order by jobs.effective_on
        ) as next_effective_on,
        row_number() over (
            partition by jobs.worker_id order by jobs.effective_on
        ) as place
    from jobs
    inner join workers
        on jobs.worker_id = workers.worker_id

),

bounded as (

    -- the first job known is taken to have begun with the hire
    select
        *,
        case
            when place = 1 then least(effective_on, hired_on)
            else effective_on
        end as valid_from,
        case
            when next_effective_on is null then left_on
            when left_on < next_effective_on then left_on
            else {{ add_days(-1, 'next_effective_on') }}
        end as valid_to
    from in_order

),

final as (

    select
        bounded.worker_id,
        bounded.valid_from,
        bounded.valid_to,
        roles.role,
        segments.segment_id,
        bounded.region_name,
        bounded.team,
        bounded.manager_worker_id,
        bounded.position_id,
        bounded.city,
        bounded.latitude,
        bounded.longitude,
        bounded.fte_share,
        bounded.hired_on,
        bounded.left_on
    from bounded
    left join roles
        on bounded.role_name = roles.role_name
    left join segments
        on bounded.segment_name = segments.segment_name
    where bounded.valid_to is null or bounded.valid_to >= bounded.valid_from

)

select * from final
