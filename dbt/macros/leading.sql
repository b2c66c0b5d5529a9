{#
    What the weekly watch takes for chance; ml/leading.py is the same over arrays and
    says why each constant is what it is.
#}

{# Variance over mean: deals come one by one, or in bursts; never more evenly. #}
{% macro widest(metric, factor) -%}
    greatest({{ factor }}, case when {{ metric }} = 'pipeline_created' then 1 else 0 end)
{%- endmacro %}

{#
    The share by which a week's usual may be wrong and nothing has changed: what a market
    wanders within a year, and half a standard error of what is usual.

    variance_factor, seen : the node's variance over mean, and what its level rests on
    company_factor, counted : the company's, and the two years its growth rests on
#}
{% macro pardoned_share(
    metric, has_growth, variance_factor, seen, company_factor, counted
) -%}
    least(
        case
            when {{ metric }} = 'pipeline_created' and not {{ has_growth }} then 0.15
            else 0.03
        end
        + 0.5 * sqrt(
            {{ variance_factor }} / greatest({{ seen }}, 0.000000001)
            + case
                when {{ has_growth }}
                    then 0.5625 * 4 * {{ company_factor }} / greatest({{ counted }}, 1)
                else 0
            end
        ),
        0.9
    )
{%- endmacro %}

{# A score of a week, of which no single one says more than three. #}
{% macro week_score(score) -%}
    greatest(least(coalesce({{ score }}, 0), 3), -3)
{%- endmacro %}

{#
    The Shiryaev-Roberts sums as of a week, averaged over strengths of shift: of each,
    sum_1, sum_2 and so on is the sum over the weeks in which it may have begun. A shift
    of l a month is one of l / root(52 / 12) a week.
#}
{% macro week_evidence(strengths) -%}
    (
        {% for strength in strengths -%}
            sum_{{ loop.index }} * exp(
                {{ strength }} * sqrt(12 / 52.0) * score_to_date
                - (place + 1) * power({{ strength }}, 2) * 12 / 104.0
            ) {{ '' if loop.last else '+' }}
        {% endfor %}
    ) / 4
{%- endmacro %}

{# Whether a node of the weekly watch lies within another one. #}
{% macro is_part_of(part, whole) -%}
    (
        ({{ whole }}.node_level = 'company' and {{ part }}.node_level <> 'company')
        or (
            {{ part }}.node_level = 'cell'
            and {{ whole }}.node_level = 'segment'
            and substr({{ part }}.node_id, 1, length({{ whole }}.node_id) + 1)
            = {{ whole }}.node_id || '/'
        )
        or (
            {{ part }}.node_level = 'cell'
            and {{ whole }}.node_level = 'region'
            and right({{ part }}.node_id, length({{ whole }}.node_id) + 1)
            = '/' || {{ whole }}.node_id
        )
    )
{%- endmacro %}

{# What a metric of the weekly watch counts, for people. #}
{% macro watched_in_words(metric) -%}
    case {{ metric }}
        when 'pipeline_created' then 'deals opened'
        when 'win_rate' then 'deals won, of those decided,'
        else 'amounts of deals won, for their number,'
    end
{%- endmacro %}
