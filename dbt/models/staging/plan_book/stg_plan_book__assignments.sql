with source as (

    select * from {{ source('plan_book', 'assignment') }}

),

renamed as (

    select
        version as plan_version,
        account_id,
        rep_id,
        segment_id,
        valid_from,
        valid_to,
        previous_rep_id,
        is_moved,
        reason,
        keep_cost_cents,
        move_cost_cents,
        next_best_rep_id,
        potential_cents

    from source

)

select * from renamed
