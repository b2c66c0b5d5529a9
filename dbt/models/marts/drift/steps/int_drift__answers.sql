with versions as (

    select * from {{ ref('stg_plan_book__versions') }}
    where breach_key is not null

),

final as (

    select
        breach_key,
        max(
            case
                when state in ('published', 'superseded') then 3
                when state = 'rejected' then 1
                else 2
            end
        ) as answer_rank,
        max(
            case when state in ('published', 'superseded') then plan_version end
        ) as answered_by_version
    from versions
    group by breach_key

)

select * from final
