with changes as (

    select * from {{ ref('int_crm__known_field_changes') }}
    where
        field_name in (
            'stage', 'amount', 'probability', 'close_date', 'forecast_category'
        )
        and {{ only_changed('int_crm__deals_changed', 'opportunity_id') }}

),

told_whole as (

    select distinct opportunity_id
    from {{ ref('int_crm__known_opportunity_changes') }}
    where opportunity_id in (select changes.opportunity_id from changes)

),

opportunities as (

    select opportunities.*
    from {{ ref('int_crm__opportunities_valued') }} as opportunities
    left join told_whole
        on opportunities.opportunity_id = told_whole.opportunity_id
    where
        told_whole.opportunity_id is null
        and {{ only_changed(
        'int_crm__deals_changed', 'opportunity_id', 'opportunities', within=ref('int_crm__opportunities_valued')
    ) }}

),

in_order as (

    select
        changes.*,
        row_number() over (
            partition by changes.opportunity_id, changes.field_name
            order by changes.changed_at
        ) as place,
        lead(changes.changed_at) over (
            partition by changes.opportunity_id, changes.field_name
            order by changes.changed_at
        ) as next_changed_at
    from changes
    inner join opportunities
        on changes.opportunity_id = opportunities.opportunity_id

),

spells as (

    select
        opportunity_id,
        field_name,
        new_value as field_value,
        changed_at as valid_from,
        next_changed_at as valid_before
    from in_order

    union all

    select
        opportunity_id,
        field_name,
        old_value as field_value,
        cast({{ start_of_time() }} as timestamp) as valid_from,
        changed_at as valid_before
    from in_order
    where place = 1

),

-- the deal as it was opened, and after each change
moments as (

    select
        opportunities.opportunity_id,
        cast(opportunities.created_on as timestamp) as changed_at
    from opportunities
    inner join in_order
        on opportunities.opportunity_id = in_order.opportunity_id
    where opportunities.created_on is not null
    group by opportunities.opportunity_id, opportunities.created_on
    having cast(opportunities.created_on as timestamp) < min(in_order.changed_at)

    union all

    select distinct
        opportunity_id,
        changed_at
    from in_order

),

final as (

    select
        moments.opportunity_id,
        moments.changed_at,
        {% for field in ['stage', 'amount', 'probability', 'close_date',
                         'forecast_category'] -%}
        max(case when spells.field_name = '{{ field }}' then spells.field_value end)
            as {{ field }}_told,
        count(case when spells.field_name = '{{ field }}' then 1 end) > 0
            as has_{{ field }}{{ ',' if not loop.last }}
    {% endfor %}
    from moments
    inner join spells
        on
            moments.opportunity_id = spells.opportunity_id
            and moments.changed_at >= spells.valid_from
            and (moments.changed_at < spells.valid_before or spells.valid_before is null)
    group by moments.opportunity_id, moments.changed_at

)

select * from final
