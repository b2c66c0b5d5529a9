with opportunities as (

    select * from {{ ref('int_crm__opportunities_valued') }}
    where is_won and {{ only_changed(
        'int_crm__deals_changed', 'opportunity_id', within=ref('int_crm__opportunities_valued')
    ) }}

),

splits as (

    select * from {{ ref('int_crm__known_opportunity_splits') }}
    where
        split_type = 'revenue'
        and credit_share > 0
        and {{ only_changed('int_crm__deals_changed', 'opportunity_id') }}

),

given as (

    select
        splits.opportunity_id,
        sum(splits.credit_share) as given_share
    from splits
    group by splits.opportunity_id

),

-- what the splits leave is the owner's; splits beyond the whole are scaled down to it
parts as (

    select
        splits.opportunity_id,
        splits.rep_id,
        splits.credit_share / greatest(given.given_share, 1) as credit_share
    from splits
    inner join given
        on splits.opportunity_id = given.opportunity_id

    union all

    select
        opportunities.opportunity_id,
        opportunities.rep_id,
        1 - coalesce(given.given_share, 0) as credit_share
    from opportunities
    left join given
        on opportunities.opportunity_id = given.opportunity_id
    where coalesce(given.given_share, 0) < 0.999999

),

shares as (

    select
        opportunity_id,
        rep_id,
        {{ stable('sum(credit_share)') }} as credit_share
    from parts
    group by opportunity_id, rep_id

),

running as (

    select
        *,
        least(
            sum(credit_share) over (
                partition by opportunity_id
                order by rep_id
                rows between unbounded preceding and current row
            ),
            1
        ) as share_after,
        row_number() over (partition by opportunity_id order by rep_id desc) as place
    from shares

),

bounded as (

    select
        opportunity_id,
        rep_id,
        credit_share,
        case when place = 1 then 1 else share_after end as share_after,
        coalesce(
            lag(share_after) over (partition by opportunity_id order by rep_id), 0
        ) as share_before
    from running

),

final as (

    -- the parts of a deal sum to the deal, cent by cent
    select
        opportunities.opportunity_id,
        bounded.rep_id,
        opportunities.close_date,
        bounded.credit_share,
    {% for amount in ['amount', 'amount_transaction', 'amount_plan_rate'] -%}
        {{ part_of(
            'coalesce(opportunities.' ~ amount ~ '_cents, 0)',
            'bounded.share_before', 'bounded.share_after', 1
        ) }} as {{ amount }}_cents{{ ',' if not loop.last }}
    {% endfor %}
    from opportunities
    inner join bounded
        on opportunities.opportunity_id = bounded.opportunity_id

)

select * from final
