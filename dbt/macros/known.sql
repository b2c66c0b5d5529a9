{#
    The rows of a staging model as they were known on a night: per key the version
    learned last, unless the source no longer held it.

    relation : a staging model, which keeps every version with known_on, is_deleted
    keys : columns that tell its rows apart
    night : SQL for the night; the night of the run unless told
    among : SQL condition on `every_version` for the keys that are asked for; all unless told
#}
{% macro as_known(relation, keys, night=none, among=none) -%}
    select versions.*
    from (
        select
            every_version.*,
            row_number() over (
                partition by {% for key in keys %}every_version.{{ key }}{{ ', ' if not loop.last }}{% endfor %}
                order by every_version.known_on desc
            ) as recency
        from {{ relation }} as every_version
        {%- if night is none %}
        inner join {{ ref('stg_reference__run') }} as run
            on every_version.known_on <= run.as_of
        {%- else %}
        where every_version.known_on <= {{ night }}
        {%- endif %}
        {%- if among is not none %}
        {{ 'where' if night is none else 'and' }} {{ among }}
        {%- endif %}
    ) as versions
    where versions.recency = 1 and not versions.is_deleted
{%- endmacro %}


{#
    Rows of a history that were true on a day, as we knew it on a night: one line for
    either question. Leave out the night to ask what we know now.

        select * from as_of(ref('dim_rep_history'), day, night) as reps

    relation : a mart ending in _history
    day : SQL for the day on which a row has to be true; any day unless told
    night : SQL for the night on which we had to know it; the last night unless told
#}
{% macro as_of(relation, day=none, night=none) -%}
    (
        select *
        from {{ relation }}
        where
            {% if night is none -%}
            known_to is null
            {%- else -%}
            {{ night }} between known_from and coalesce(known_to, {{ end_of_time() }})
            {%- endif %}
            {%- if day is not none %}
            and {{ day }} between valid_from and coalesce(valid_to, {{ end_of_time() }})
            {%- endif %}
    )
{%- endmacro %}


{#
    Records as they were on a day, as we knew it on a night, from a history of versions
    that each hold from `valid_from` until the next one does: accounts, opportunities.

        select * from state_on(ref('dim_account_history'), 'account_id', day, night) as accounts

    relation : dim_account_history or fct_opportunity_history
    key : column that tells its records apart
    day : SQL for the day on which it has to be so
    night : SQL for the night on which we had to know it; the record is there only where
        the source still held it then
#}
{% macro state_on(relation, key, day, night) -%}
    (
        select *
        from (
            select
                versions.*,
                max(coalesce(known_to, {{ end_of_time() }})) over (
                    partition by {{ key }}
                ) as held_until,
                row_number() over (
                    partition by
                        {{ key }}, case when valid_from <= {{ day }} then 1 else 0 end
                    order by valid_from desc, known_from desc
                ) as recency
            from {{ relation }} as versions
            where known_from <= {{ night }}
        ) as told
        where recency = 1 and valid_from <= {{ day }} and held_until >= {{ night }}
    )
{%- endmacro %}
