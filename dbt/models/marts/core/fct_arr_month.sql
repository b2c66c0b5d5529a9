with movements as (

    select * from {{ ref('int_billing__arr_movements') }}

),

final as (

    select
        account_id,
        month_start,
        opening_cents,
        case when movement = 'new' then amount_cents else 0 end as new_cents,
        case when movement = 'expansion' then amount_cents else 0 end as expansion_cents,
        case
            when movement = 'reactivation' then amount_cents else 0
        end as reactivation_cents,
        case
            when movement = 'contraction' then amount_cents else 0
        end as contraction_cents,
        case when movement = 'churn' then amount_cents else 0 end as churn_cents,
        closing_cents,
        is_latest,
        not is_complete as is_partial,
        as_of
    from movements

)

select * from final
