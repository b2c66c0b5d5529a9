with known as (

    {{ as_known(ref('stg_crm__users'), ['user_id']) }}

),

final as (

    select
        user_id,
        manager_user_id,
        employee_number,
        name,
        email,
        role_name,
        is_active,
        known_on
    from known

)

select * from final
