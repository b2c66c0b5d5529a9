with findings as (

    select * from {{ ref('int_quality__person_findings') }}

),

users as (

    select * from {{ ref('int_crm__known_users') }}

),

workers as (

    select * from {{ ref('int_hris__known_workers') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    select
        findings.finding || ':' || coalesce(findings.rep_id, {{ pseudonym('findings.worker_id') }})
        || case
            when findings.rep_id is not null and findings.worker_id is not null
                then ':' || {{ pseudonym('findings.worker_id') }}
            else ''
        end as finding_key,
        findings.finding,
        findings.rep_id,
        users.name as rep_name,
        users.email as rep_email,
        findings.worker_id,
        workers.name as worker_name,
        workers.email as worker_email,
        workers.hired_on,
        workers.left_on,
        cast(findings.score_share as double) as score_share,
        findings.explanation,
        run.as_of
    from findings
    cross join run
    left join users
        on findings.rep_id = users.user_id
    left join workers
        on findings.worker_id = workers.worker_id

)

select * from final
