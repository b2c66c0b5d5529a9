"""Where the forecasting models stand, as rows."""

from pipelines.serving.reading import Rows, ask
from pipelines.settings import Settings


def model_verdicts(settings: Settings) -> Rows:
    """Return the forecasting models that lost to their baseline or are unjudged.

    Each row: measure, node_level, speaks (the model in use) and verdict. No rows from
    a serving copy made before models were judged.
    """
    there = ask(
        settings,
        """
        select 1 as one from information_schema.tables
        where table_schema = 'forecast' and table_name = 'fct_model_standing'
        """,
    )
    if not there:
        return []
    return ask(
        settings,
        """
        select
            measure,
            node_level,
            case
                when is_used then challenger
                when measure = 'pipeline' then 'series alone'
                else champion
            end as speaks,
            case
                when is_used
                    then 'too little to judge: ' || origins_count
                        || ' past dates, 3 are needed'
                else challenger || ' lost to ' || champion || ' over '
                    || origins_count || ' past dates (loss '
                    || printf('%.3f', challenger_loss) || ' against '
                    || printf('%.3f', baseline_loss) || ') and is not used'
            end as verdict
        from forecast.fct_model_standing
        where
            (not is_used or not is_judged)
            and (
                measure = 'bookings'
                or (
                    measure in ('attrition', 'pipeline', 'potential')
                    and node_level = 'company'
                )
                or (measure in ('ramp', 'productivity') and node_level = 'segment')
                or (measure = 'capacity' and node_level = 'group')
            )
        order by measure, node_level
        """,
    )
