with policy as (

    select * from {{ ref('stg_reference__matching') }}

),

pairs as (

    select * from {{ ref('int_quality__account_pairs') }}

),

scored as (

    -- the same name in another place, or under another legal form, is seldom the same
    select
        account_id,
        other_account_id,
        has_same_name,
        {{ stable(
            "case when has_same_name then 1.0 else " ~ likeness('company', 'other_company') ~ " end"
            ~ " * case when has_same_city then 1.0 when is_elsewhere then 0.6 else 0.9 end"
            ~ " * case when has_other_form then 0.7 else 1.0 end"
        ) }} as score_share,
        case when has_same_name then 'same name' else 'name alike' end
        || case
            when has_same_city then ', same city'
            when is_elsewhere then ', another place'
            else ', place unknown'
        end
        || case when has_other_form then ', another legal form' else '' end as explanation
    from pairs

),

ranked as (

    select
        scored.*,
        row_number() over (
            partition by scored.other_account_id
            order by scored.score_share desc, scored.account_id asc
        ) as place
    from scored
    cross join policy
    where
        scored.score_share
        >= case
            when scored.has_same_name then 0.9 else policy.accounts_min_score_share
        end

),

final as (

    select
        other_account_id as duplicate_account_id,
        account_id as kept_account_id,
        score_share,
        explanation
    from ranked
    where place = 1

)

select * from final
