with jobs as (

    select jobs.*
    from {{ ref('stg_hris__job_changes') }} as jobs
    inner join {{ ref('stg_reference__run') }} as run
        on jobs.known_on <= run.as_of

),

workers as (

    select workers.*
    from {{ ref('stg_hris__workers') }} as workers
    inner join {{ ref('stg_reference__run') }} as run
        on workers.known_on <= run.as_of

),

-- nights on which anything we believed of a worker changed
nights as (

    {% for told in ['jobs', 'workers'] -%}
        select
            worker_id,
            known_on
        from {{ told }}
        {{ 'union' if not loop.last }}
    {% endfor %}
),

workers_believed as (

    select
        nights.worker_id,
        nights.known_on as night,
        workers.hired_on,
        workers.left_on,
        workers.is_deleted,
        row_number() over (
            partition by nights.worker_id, nights.known_on
            order by workers.known_on desc
        ) as recency
    from nights
    inner join workers
        on nights.worker_id = workers.worker_id and nights.known_on >= workers.known_on

),

jobs_believed as (

    select
        nights.worker_id,
        nights.known_on as night,
        jobs.effective_on,
        jobs.role_name,
        jobs.segment_name,
        jobs.region_name,
        jobs.team,
        jobs.manager_worker_id,
        jobs.is_deleted,
        row_number() over (
            partition by nights.worker_id, nights.known_on, jobs.effective_on
            order by jobs.known_on desc
        ) as recency
    from nights
    inner join jobs
        on nights.worker_id = jobs.worker_id and nights.known_on >= jobs.known_on

),

in_order as (

    select
        jobs_believed.*,
        workers_believed.hired_on,
        workers_believed.left_on,
        lead(jobs_believed.effective_on) over (
            partition by jobs_believed.worker_id, jobs_believed.night
            order by jobs_believed.effective_on
        ) as next_effective_on,
        min(jobs_believed.effective_on) over (
            partition by jobs_believed.worker_id, jobs_believed.night
        ) as first_effective_on
    from jobs_believed
    inner join workers_believed
        on
            jobs_believed.worker_id = workers_believed.worker_id
            and jobs_believed.night = workers_believed.night
            and workers_believed.recency = 1
            and not workers_believed.is_deleted
    where jobs_believed.recency = 1 and not jobs_believed.is_deleted

),

final as (

    select
        worker_id,
        night,
        role_name,
        segment_name,
        region_name,
        team,
        manager_worker_id,
        case
            when effective_on = first_effective_on then least(effective_on, hired_on)
            else effective_on
        end as valid_from,
        case
            when next_effective_on is null then left_on
            when left_on < next_effective_on then left_on
            else {{ add_days(-1, 'next_effective_on') }}
        end as valid_to
    from in_order

)

select * from final
