"""Where the nights of a home stand, as rows for commands and pages."""

from datetime import date
from typing import Any

import duckdb

from data_contracts.plan import PlanState
from pipelines.ingestion.standing import as_rows, stale_inputs
from pipelines.ledger.queries import LedgerReader
from pipelines.serving.drifting import breaches
from pipelines.serving.quiet_nights import read_last_night
from pipelines.serving.reading import Rows, ask, has_copy
from pipelines.serving.standing import model_verdicts
from pipelines.settings import Settings

WAITING_FOR = {
    PlanState.DRAFT: "whoever drafted it, to propose it",
    PlanState.PROPOSED: "an approver who did not propose it",
    PlanState.APPROVED: "somebody to publish it",
}


def state(settings: Settings) -> dict[str, Any]:
    """Return what is fresh, what failed, what is missing and what waits for whom.

    Returns
    -------
    dict
        ``home``, ``company``, ``currency``; ``as_of`` and ``data_through`` of the
        last night begun, ``serving_as_of`` of what readers see (None before the
        first); ``last_night`` run or looked at, ``is_last_night_whole`` unless it broke
        off or is under way, and ``why_quiet`` of one that left the tables standing
        (empty of a whole night); lists ``refused``, ``stale``, ``not_computed``,
        ``models`` (that lost to a baseline or are unjudged), ``waiting``,
        ``open_breaches``; ``plan`` in force on the night, or None.
    """
    settings.require_home()
    run = last_run(settings)
    is_shown = has_copy(settings)
    versions = LedgerReader(settings.ledger_url).versions()
    return {
        "home": str(settings.home),
        "company": run.get("company"),
        "currency": run.get("currency"),
        "as_of": run.get("as_of"),
        "data_through": run.get("data_through"),
        "serving_as_of": serving_as_of(settings) if is_shown else None,
        **_last_night(settings),
        "plan": _in_force(settings, run.get("as_of")),
        "refused": refused(settings),
        "stale": as_rows(stale_inputs(settings)),
        "not_computed": not_computed(settings) if is_shown else [],
        "models": model_verdicts(settings) if is_shown else [],
        "waiting": [
            {
                "version": each.version,
                "state": each.state,
                "title": each.title,
                "waits_for": WAITING_FOR[each.state],
                "breach_key": each.breach_key,
            }
            for each in versions
            if each.state in WAITING_FOR
        ],
        "open_breaches": [
            row
            for row in breaches(settings)
            if row["state"] == "open" and row.get("tier") != "watch"
        ]
        if is_shown
        else [],
    }


def _last_night(settings: Settings) -> dict[str, Any]:
    last = read_last_night(settings)
    return {
        "last_night": last.night if last else None,
        "is_last_night_whole": last.is_whole if last else None,
        "why_quiet": last.why if last else "",
    }


def last_run(settings: Settings) -> dict[str, Any]:
    """Return the one row of the night last begun, or nothing before the first."""
    return next(iter(_files(settings, "reference/run.parquet", "select *")), {})


def refused(settings: Settings) -> Rows:
    """Return the files that the newest night of the load log refused."""
    return _files(
        settings,
        "raw/quality/loads/*.parquet",
        "select contract, file, known_on, reason",
        "qualify is_refused and known_on = max(known_on) over () order by all",
    )


def serving_as_of(settings: Settings) -> date | None:
    """Return the night that readers of the serving copy see."""
    found = ask(settings, "select as_of from meta.publication")
    night: date | None = found[0]["as_of"]
    return night


def not_computed(settings: Settings) -> Rows:
    """Return what could not be computed, for want of which extract, and why."""
    return ask(
        settings,
        """
        select capability, contract, what_is_not_computed, why
        from quality.rpt_input_coverage
        where not is_supplied
        order by capability
        """,
    )


def finding_counts(settings: Settings) -> Rows:
    """Return how many rows show each finding, and what is at stake, most first."""
    return ask(
        settings,
        """
        select
            finding, is_proposal, count(*) as rows_count,
            cast(sum(amount_cents) as bigint) as amount_cents,
            min(explanation) as example
        from quality.fct_finding
        group by finding, is_proposal
        order by rows_count desc, finding
        """,
    )


def finding_rows(settings: Settings, finding: str) -> Rows:
    """Return the rows of one finding, surest and largest first."""
    return ask(
        settings,
        """
        select
            subject_type, subject_id, other_type, other_id, found_on, amount_cents,
            score_share, explanation
        from quality.fct_finding
        where finding = ?
        order by score_share desc nulls last, abs(amount_cents) desc nulls last,
            subject_id, other_id
        """,
        [finding],
    )


def loads(settings: Settings) -> Rows:
    """Return what became of every delivered file, newest night first."""
    return _files(
        settings,
        "raw/quality/loads/*.parquet",
        "select *",
        "order by known_on desc, contract, file",
    )


def _in_force(settings: Settings, night: date | None) -> dict[str, Any] | None:
    if night is None:
        return None
    plan = LedgerReader(settings.ledger_url).in_force(night)
    if plan is None:
        return None
    return {
        "version": plan.version,
        "title": plan.title,
        "effective_from": plan.effective_from,
        "effective_to": plan.effective_to,
    }


def _files(settings: Settings, glob: str, select: str, rest: str = "") -> Rows:
    """Read Parquet of the home; nothing where no file is there yet."""
    if next(settings.home.glob(glob), None) is None:
        return []
    place = str(settings.home / glob).replace("'", "''")
    # a path of our own, quoted: DuckDB takes no parameter inside a table function here
    query = f"{select} from read_parquet('{place}', union_by_name = true) {rest}"
    with duckdb.connect() as connection:
        found = connection.execute(query)
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
