"""Breaches and signals of the last night, as rows for commands and pages."""

import polars as pl

from data_contracts.replanning import Verdict
from pipelines.serving.reading import Rows, ask
from pipelines.settings import Settings


def breaches(settings: Settings) -> Rows:
    """Return every breach, open ones first, then the newest.

    A copy of an older release has no tier: every breach of it asks for a re-plan.
    """
    found = ask(
        settings,
        """
        select *
        from drift.fct_drift_breach
        order by state <> 'open', state <> 'proposed', first_seen_on desc, breach_key
        """,
    )
    return [{"tier": "act", **row} for row in found]


def watch(settings: Settings) -> Rows:
    """Return the newest week of every leading measure, alarms first, then the closest.

    Nothing of it asks for a re-plan. A copy of an older release has none of it.
    """
    there = ask(
        settings,
        "select 1 from information_schema.tables "
        "where table_schema = 'drift' and table_name = 'fct_drift_watch'",
    )
    if not there:
        return []
    return ask(
        settings,
        """
        select *
        from drift.fct_drift_watch
        where is_latest
        order by
            not is_alarm, is_explained_by_parent, is_silent,
            statistic / limit_value desc nulls last,
            metric, node_level, node_id, direction
        """,
    )


def why_not(settings: Settings, breach_key: str) -> str:
    """Say why nothing was proposed, of the breach that was named if one was."""
    if not settings.decisions.is_file() or not breach_key:
        return "no proposal is due: the plan in force stands and no breach is open"
    decided = (
        pl.read_parquet(settings.decisions)
        .filter(pl.col("breach_key") == breach_key)
        .sort("decided_on")
    )
    if decided.is_empty() or decided["verdict"][-1] == Verdict.WORTH:
        return f"no proposal is due: breach {breach_key} has its answer"
    why, again = decided.select("why", "reconsider_on").row(-1)
    return f"no proposal is made: {why}; looked at again on {again}"


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


def causes(settings: Settings) -> Rows:
    """Return the causes of every node off plan, the farthest node and cause first.

    A node no further off than the whole company is left out: it has no story of its
    own. The parts of a node sum to its variance to the cent.
    """
    return ask(
        settings,
        """
        select
            node_level,
            node_id,
            cause,
            amount_cents,
            plan_cents,
            actual_cents,
            plan_factor,
            actual_factor,
            first_month_start,
            last_month_start
        from drift.fct_drift_cause
        where not is_explained_by_company
        order by
            node_level <> 'company',
            abs(actual_cents - plan_cents) desc,
            node_level, node_id, abs(amount_cents) desc, cause
        """,
    )
