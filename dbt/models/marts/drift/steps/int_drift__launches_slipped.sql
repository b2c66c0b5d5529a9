with launches as (

    select * from {{ ref('stg_reference__launches') }}

),

products as (

    select * from {{ ref('dim_product') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

in_force as (

    select * from {{ ref('int_plan__months_in_force') }}

),

late as (

    -- the day on which patience ended
    select
        launches.launch_id,
        launches.name,
        launches.product_id,
        launches.planned_on,
        products.launched_on,
        {{ add_days('launches.grace_days', 'launches.planned_on') }} as patience_to
    from launches
    left join products
        on launches.product_id = products.product_id

),

final as (

    select
        late.launch_id,
        late.name,
        late.product_id,
        late.planned_on,
        late.launched_on,
        {{ add_days(1, 'late.patience_to') }} as event_on,
        in_force.plan_version,
        late.launched_on is null as is_still_true,
        coalesce(
            {{ add_days(-1, 'late.launched_on') }}, run.data_through
        ) as last_seen_on,
        run.as_of
    from late
    inner join run
        on late.patience_to < run.data_through
    inner join in_force
        on
            late.patience_to >= {{ add_days(-1, 'in_force.month_start') }}
            and late.patience_to < in_force.month_end
    where late.launched_on is null or late.launched_on > late.patience_to

)

select * from final
