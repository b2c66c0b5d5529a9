with products as (

    select * from {{ ref('int_crm__known_products') }}

),

opportunities as (

    select * from {{ ref('int_crm__known_opportunities') }}

),

launches as (

    select * from {{ ref('stg_reference__launches') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

-- deals and launches may name a product that no extract describes
every_product as (

    select product_id from products
    union
    select product_id from opportunities
    where product_id is not null
    union
    select product_id from launches

),

final as (

    select
        every_product.product_id,
        coalesce(products.name, every_product.product_id) as name,
        products.product_family,
        coalesce(products.is_active, true) as is_active,
        products.launched_on,
        products.product_id is null as is_inferred,
        run.as_of
    from every_product
    cross join run
    left join products
        on every_product.product_id = products.product_id

)

select * from final
