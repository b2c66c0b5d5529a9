with identities as (

    select * from {{ ref('int_rep__identities') }}

),

workers as (

    select * from {{ ref('int_hris__known_workers') }}

),

spells as (

    select * from {{ ref('int_hris__job_spells') }}

),

members as (

    select * from {{ ref('int_crm__known_territory_members') }}

),

territories as (

    select * from {{ ref('int_crm__known_territories') }}

),

segments as (

    select * from {{ ref('int_policy__segments_matched') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

-- the job on the night of the run, or the last one of somebody who left
last_jobs as (

    select
        spells.*,
        row_number() over (
            partition by spells.worker_id order by spells.valid_from desc
        ) as recency
    from spells
    inner join run
        on spells.valid_from <= run.as_of

),

last_territories as (

    select
        members.rep_id,
        members.territory_id,
        row_number() over (
            partition by members.rep_id
            order by members.started_on desc, members.territory_id asc
        ) as recency
    from members
    inner join run
        on
            members.started_on <= run.as_of
            and coalesce(members.ended_on, {{ end_of_time() }}) >= run.as_of

),

final as (

    select
        identities.rep_id,
        identities.worker_id,
        last_jobs.role,
        last_jobs.team,
        last_jobs.manager_worker_id,
        last_jobs.city,
        last_jobs.latitude,
        last_jobs.longitude,
        last_territories.territory_id,
        workers.hired_on,
        workers.left_on,
        coalesce(last_jobs.segment_id, segments.segment_id) as segment_id,
        coalesce(last_jobs.region_name, territories.region_name) as region_id,
        coalesce(workers.adjusted_hired_on, workers.hired_on) as tenure_from_on
    from identities
    left join workers
        on identities.worker_id = workers.worker_id
    left join last_jobs
        on identities.worker_id = last_jobs.worker_id and last_jobs.recency = 1
    left join last_territories
        on
            identities.rep_id = last_territories.rep_id
            and last_territories.recency = 1
    left join territories
        on last_territories.territory_id = territories.territory_id
    left join segments
        on territories.segment_name = segments.segment_name

)

select * from final
