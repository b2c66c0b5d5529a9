{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    unique_key='opportunity_id',
    meta={'changed': 'int_crm__deals_changed'}
) }}

with changes as (

    select * from {{ ref('int_crm__opportunity_states') }}
    where {{ only_changed('int_crm__deals_changed', 'opportunity_id') }}

),

in_order as (

    select
        opportunity_id,
        changed_on,
        stage,
        close_date,
        lag(close_date) over (
            partition by opportunity_id order by changed_at
        ) as previous_close_date
    from changes

),

final as (

    select
        opportunity_id,
        min(changed_on) as first_changed_on,
        max(changed_on) as last_changed_on,
        count(*) as changes_count,
        count(distinct stage) as stages_count,
        count(case when close_date > previous_close_date then 1 end) as pushes_count,
        cast(
            coalesce(
                sum(
                    case
                        when close_date > previous_close_date
                            then {{ days_between('previous_close_date', 'close_date') }}
                    end
                ),
                0
            ) as bigint
        ) as slipped_days
    from in_order
    group by opportunity_id

)

select * from final
