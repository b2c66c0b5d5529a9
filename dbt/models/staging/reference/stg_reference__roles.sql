with source as (

    select * from {{ source('reference', 'roles') }}

),

renamed as (

    select
        role_id as role,
        name,
        is_quota_bearing,
        ote_cents,
        variable_share,
        hris_roles as role_names

    from source

)

select * from renamed
