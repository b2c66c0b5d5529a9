{#
    The last full delivery of a contract has about as many rows as the ten nights before
    it had on average; a contract's first three nights say nothing.
#}
{% test volume_is_usual(model, least_share, most_share) %}

    with nights as (

        select
            loads.contract,
            loads.known_on,
            sum(loads.rows_read) as rows_read
        from {{ model }} as loads
        inner join {{ ref('stg_reference__run') }} as run
            on loads.known_on <= run.as_of
        where loads.delivery = 'full' and not loads.is_refused
        group by loads.contract, loads.known_on

    ),

    beside_before as (

        select
            contract,
            known_on,
            rows_read,
            avg(rows_read) over before_it as usual_rows,
            count(*) over before_it as nights_before,
            row_number() over (partition by contract order by known_on desc) as recency
        from nights
        window before_it as (
            partition by contract
            order by known_on
            rows between 10 preceding and 1 preceding
        )

    )

    select *
    from beside_before
    where
        recency = 1
        and nights_before >= 3
        and rows_read not between {{ least_share }} * usual_rows and {{ most_share }} * usual_rows

{% endtest %}
