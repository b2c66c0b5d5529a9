with run as (

    select * from {{ ref('stg_reference__run') }}

),

known as (

    select
        decisions.breach_key,
        decisions.verdict,
        decisions.gain_cents,
        decisions.cost_cents,
        decisions.reconsider_on,
        decisions.decision_why,
        decisions.reconsider_on <= run.as_of as is_time,
        decisions.policy_hash <> run.policy_hash as is_by_another_policy,
        row_number() over (
            partition by decisions.breach_key order by decisions.decided_on desc
        ) as place
    from {{ ref('stg_plan_book__decisions') }} as decisions
    inner join run
        on decisions.decided_on <= run.as_of

),

final as (

    select
        breach_key,
        verdict,
        gain_cents,
        cost_cents,
        reconsider_on,
        decision_why,
        is_time,
        -- what was to be proposed and never was stored is proposed again
        is_time or is_by_another_policy or verdict = 'worth' as is_open_again
    from known
    where place = 1

)

select * from final
