{#
    One term of the Shiryaev-Roberts sum, averaged over four sizes of shift.

    For scores that are standard normal while the plan holds, each exp(lambda * S -
    n * lambda^2 / 2) is a likelihood ratio with mean one, so the summed statistic less
    the months elapsed is a martingale: a limit of 12 * series / budget keeps first
    alarms at or below the budget a year, however the series depend on each other.

    sum_of_scores : sum of n scores, counted positive in the direction of the shift
    months : n
#}
{% macro shift_evidence(sum_of_scores, months) -%}
    (
        exp(0.2 * {{ sum_of_scores }} - 0.02 * {{ months }})
        + exp(0.4 * {{ sum_of_scores }} - 0.08 * {{ months }})
        + exp(0.8 * {{ sum_of_scores }} - 0.32 * {{ months }})
        + exp(1.4 * {{ sum_of_scores }} - 0.98 * {{ months }})
    ) / 4
{%- endmacro %}

{#
    A score no longer than eight: beyond that nothing is added to the evidence but the
    risk of an overflow. A month without a score counts as a month on plan.
#}
{% macro bounded_score(score) -%}
    greatest(least(coalesce({{ score }}, 0), 8), -8)
{%- endmacro %}

{#
    How unusual a value is beside n earlier ones, as a standard normal score.

    A value beside n others of one normal kind, over their deviation, is Student's t with
    n - 1 degrees of freedom; Wallace (1959, doi:10.1214/aoms/1177706083) turns that into
    a normal score. Null below four earlier values, and where they are all the same.
#}
{% macro normal_score_of_t(value, mean, deviation, n) -%}
    case
        when {{ n }} >= 4 and {{ deviation }} > 0
            then
                sign({{ value }} - {{ mean }})
                * (8.0 * ({{ n }} - 1) + 1) / (8.0 * ({{ n }} - 1) + 3)
                * sqrt(
                    ({{ n }} - 1)
                    * ln(
                        1
                        + power(({{ value }} - {{ mean }}) / {{ deviation }}, 2)
                        / ((1 + 1.0 / {{ n }}) * ({{ n }} - 1))
                    )
                )
    end
{%- endmacro %}

{#
    The least share of a plan that going on as before may be and still be the plan's own
    stretch: who plans to grow further changes course, and is held to all but this.
#}
{% macro most_stretch() -%} 0.85 {%- endmacro %}

{# Whether a deal is one of a node: of the company, of a segment or of a region. #}
{% macro belongs_to_node(deals, nodes) -%}
    (
        {{ nodes }}.node_level = 'company'
        or (
            {{ nodes }}.node_level = 'segment'
            and {{ deals }}.segment_id = {{ nodes }}.node_id
        )
        or (
            {{ nodes }}.node_level = 'region'
            and {{ deals }}.region_id = {{ nodes }}.node_id
        )
    )
{%- endmacro %}
