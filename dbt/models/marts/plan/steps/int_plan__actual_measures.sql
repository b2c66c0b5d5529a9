with versions as (

    select distinct plan_version
    from {{ ref('int_plan__planned_measures') }}

),

bookings as (

    select * from {{ ref('int_plan__actual_bookings') }}

),

product_bookings as (

    select * from {{ ref('int_plan__actual_product_bookings') }}

),

heads as (

    select * from {{ ref('int_plan__actual_heads') }}

),

quota_bookings as (

    select * from {{ ref('int_plan__actual_quota_bookings') }}

),

final as (

    select
        versions.plan_version,
        bookings.node_level,
        bookings.node_id,
        bookings.month_start,
        'bookings' as measure,
        cast(bookings.bookings_cents as double) as actual_value
    from bookings
    cross join versions

    union all

    select
        plan_version,
        node_level,
        node_id,
        month_start,
        'bookings' as measure,
        cast(bookings_cents as double) as actual_value
    from product_bookings

    union all

    select
        plan_version,
        node_level,
        node_id,
        month_start,
        'heads' as measure,
        cast(heads as double) as actual_value
    from heads

    union all

    select
        plan_version,
        node_level,
        node_id,
        month_start,
        'quota' as measure,
        cast(bookings_cents as double) as actual_value
    from quota_bookings

)

select * from final
