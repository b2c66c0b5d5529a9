with run as (

    select * from {{ ref('stg_reference__run') }}

),

last as (

    select * from {{ ref('stg_reference__last_build') }}

),

final as (

    {{ told_lately(ref('stg_crm__account_territories'), 'account_id') }}

    union

    -- a spell told of before has begun since, or is over
    select spells.account_id
    from {{ ref('int_crm__known_account_territories') }} as spells
    cross join run
    cross join last
    where
        (spells.started_on > last.as_of and spells.started_on <= run.as_of)
        or (spells.ended_on >= last.as_of and spells.ended_on < run.as_of)

)

select * from final
