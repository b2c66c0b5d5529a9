"""Breaches and signals of the last night, as rows for commands and pages."""

from pipelines.serving.reading import Rows, ask
from pipelines.settings import Settings


def breaches(settings: Settings) -> Rows:
    """Return every breach, open ones first, then the newest."""
    return ask(
        settings,
        """
        select *
        from drift.fct_drift_breach
        order by state <> 'open', state <> 'proposed', first_seen_on desc, breach_key
        """,
    )


def signals(settings: Settings) -> Rows:
    """Return the newest signal of every series, alarms first, then the closest."""
    return ask(
        settings,
        """
        select *
        from drift.fct_drift_signal
        where is_latest
        order by not is_alarm, is_silent, metric, node_level, node_id, direction, tier
        """,
    )


def board(settings: Settings) -> Rows:
    """Return one row per node and metric: where it stands and how it is judged."""
    return ask(
        settings,
        """
        select *
        from drift.rpt_drift_board
        order by
            case status when 'act' then 0 when 'watch' then 1 when 'on_plan' then 2
                else 3 end,
            metric, node_level, node_id
        """,
    )
