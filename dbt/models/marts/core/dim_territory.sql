with territories as (

    select * from {{ ref('int_crm__known_territories') }}

),

members as (

    select * from {{ ref('int_crm__known_territory_members') }}

),

segments as (

    select * from {{ ref('int_policy__segments_matched') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

every_territory as (

    select territory_id from territories
    union
    select territory_id from members

),

current_members as (

    select
        members.territory_id,
        count(distinct members.rep_id) as reps_count
    from members
    inner join run
        on
            members.started_on <= run.as_of
            and coalesce(members.ended_on, {{ end_of_time() }}) >= run.as_of
    group by members.territory_id

),

final as (

    select
        every_territory.territory_id,
        coalesce(territories.name, every_territory.territory_id) as name,
        territories.parent_territory_id,
        segments.segment_id,
        coalesce(territories.region_name, 'unassigned') as region_id,
        cast(coalesce(current_members.reps_count, 0) as integer) as reps_count,
        coalesce(current_members.reps_count, 0) = 0 as is_vacant,
        run.as_of
    from every_territory
    cross join run
    left join territories
        on every_territory.territory_id = territories.territory_id
    left join segments
        on territories.segment_name = segments.segment_name
    left join current_members
        on every_territory.territory_id = current_members.territory_id

)

select * from final
