with accounts as (

    select * from {{ ref('int_crm__accounts_segmented') }}

),

ranked as (

    select
        owner_rep_id,
        segment_id,
        region_id,
        count(*) as accounts_count,
        row_number() over (
            partition by owner_rep_id
            order by count(*) desc, segment_id asc, region_id asc
        ) as place
    from accounts
    where owner_rep_id is not null
    group by owner_rep_id, segment_id, region_id

),

final as (

    select
        owner_rep_id,
        segment_id,
        region_id,
        accounts_count
    from ranked
    where place = 1

)

select * from final
