with run as (

    select * from {{ ref('stg_reference__run') }}

),

people as (

    -- HR ids are not shown outside the restricted schema
    select
        finding,
        case when rep_id is null then 'worker' else 'rep' end as subject_type,
        coalesce(rep_id, {{ pseudonym('worker_id') }}) as subject_id,
        case when rep_id is not null and worker_id is not null then 'worker' end
            as other_type,
        case
            when rep_id is not null and worker_id is not null
                then {{ pseudonym('worker_id') }}
        end as other_id,
        found_on,
        null as amount_cents,
        score_share,
        explanation
    from {{ ref('int_quality__person_findings') }}

),

deals as (

    select
        finding,
        'opportunity' as subject_type,
        opportunity_id as subject_id,
        case
            when finding = 'deal_account_unknown' then 'account'
            when other_id is not null then 'rep'
        end as other_type,
        other_id,
        found_on,
        amount_cents,
        null as score_share,
        explanation
    from {{ ref('int_quality__deal_findings') }}

),

accounts as (

    select
        finding,
        case when finding like 'customer%' then 'customer' else 'account' end
            as subject_type,
        account_id as subject_id,
        case
            when other_id is null then null
            when finding like 'account_own%' then 'rep'
            else 'account'
        end as other_type,
        other_id,
        found_on,
        null as amount_cents,
        score_share,
        explanation
    from {{ ref('int_quality__account_findings') }}

),

billed as (

    select
        'billed_differs' as finding,
        'account' as subject_type,
        account_id as subject_id,
        'month' as other_type,
        {{ as_text('month_start') }} as other_id,
        month_start as found_on,
        residual_cents as amount_cents,
        null as score_share,
        'won in the CRM less invoiced: ' || replace(cause, '_', ' ') as explanation
    from {{ ref('fct_reconciliation') }}
    where is_beyond_tolerance and not is_partial

),

findings as (

    select * from people
    union all
    select * from deals
    union all
    select * from accounts
    union all
    select * from billed

),

final as (

    select
        findings.finding || ':' || findings.subject_id
        || coalesce(':' || findings.other_id, '') as finding_key,
        findings.finding,
        findings.subject_type,
        findings.subject_id,
        findings.other_type,
        findings.other_id,
        findings.found_on,
        cast(findings.amount_cents as bigint) as amount_cents,
        cast(findings.score_share as double) as score_share,
        findings.finding like '%_proposed' as is_proposal,
        findings.explanation,
        run.as_of
    from findings
    cross join run

)

select * from final
