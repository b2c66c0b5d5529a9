"""Every model forecast again at past dates with what was known then, and scored."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from data_contracts.calendar import add_months
from ml.backtest import (
    BACKTEST_SCHEMA,
    backtest_people,
    backtest_series,
    origins_of,
    standings,
)
from ml.backtest_deals import backtest_pipeline, backtest_potential
from ml.progress import OnStep, Quarters, in_silence
from pipelines.logs import logger
from pipelines.planning.fingerprint import code_hash
from pipelines.planning.known import Known, company_months
from pipelines.planning.remembering import remembered
from pipelines.planning.series_forecast import node_series, series_models, with_nodes

HORIZON_MONTHS = 12
ORIGINS = 3
LONG_ROWS = 20_000  # rep-months from which a fit tells how far it is
PIPELINE_MONTHS = 6
PIPELINE_ORIGINS = 6  # monthly; weights need more dates than champions do
JUDGED_ORIGINS = 3  # fewer past origins than this say nothing for or against a model
DECIDES = {
    "attrition": "company",  # few leavers: only the whole company's say anything
    "capacity": "group",
    "pipeline": "company",
    "potential": "company",
    "productivity": "segment",
    "ramp": "segment",
}
"""The node level whose scores decide whether a model is used; bookings: each level."""

_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Scores of the past, and which models may speak tonight."""

    backtest: pl.DataFrame
    standing: pl.DataFrame

    def is_used(self, measure: str) -> bool:
        """Whether a measure's model is used: it won, or the past is too short."""
        rows = self.standing.filter(
            (pl.col("measure") == measure) & (pl.col("node_level") == DECIDES[measure])
        )
        return bool(rows["is_used"].all())

    def series_champions(self) -> dict[str, str]:
        """Return the model that forecasts the bookings of each node level."""
        rows = self.standing.filter(
            (pl.col("measure") == "bookings") & pl.col("is_judged")
        )
        return dict(rows.select("node_level", "champion").drop_nulls().iter_rows())


def told(panel: pl.DataFrame) -> OnStep:
    """Return who hears of progress: the log at each quarter, if it will take long."""
    return Quarters(_log.info) if panel.height >= LONG_ROWS else in_silence


@dataclass(frozen=True, slots=True)
class Backtest:
    """One backtest: all that it reads, and how to run it."""

    reads: tuple[object, ...]
    run: Callable[[], pl.DataFrame]


def judge(
    known: Known,
    panel: pl.DataFrame,
    *,
    model_version: str,
    use_slow_engines: bool,
    memory: Path | None = None,
) -> Verdicts:
    """Backtest every model and say which are used.

    Parameters
    ----------
    known : Known
        Facts with the nights they were learned; each origin sees its own past only.
    panel : frame of rep-months of the sellers, complete months
    model_version : str
        What the scores belong to.
    use_slow_engines : bool
        Let the slow tier compete for company, segments and regions.
    memory : Path, optional
        Folder of earlier scores. Those of past dates about which nothing new is known
        are read from it; the answer is the same.

    Returns
    -------
    Verdicts
        A model is used when it beat its naive baseline over at least three past
        origins, or when there are fewer and nobody can tell.
    """
    tests = {
        "bookings": _series(known, use_slow_engines=use_slow_engines),
        "people": _people(known, panel),
        "pipeline": _pipeline(known),
        "potential": _potential(known),
    }
    parts, code = [], code_hash()
    for number, (name, test) in enumerate(tests.items(), start=1):
        _log.info("backtest %s of %s: %s at past dates", number, len(tests), name)
        asked = (code, model_version, HORIZON_MONTHS, ORIGINS, *test.reads)
        parts.append(remembered(memory, name, asked, test.run))
    rows = pl.concat([pl.DataFrame(schema=BACKTEST_SCHEMA), *parts])
    is_judged = pl.col("origins_count") >= JUDGED_ORIGINS
    standing = standings(rows).with_columns(
        is_judged=is_judged,
        is_used=pl.col("is_used") | ~is_judged,
        model_version=pl.lit(model_version),
    )
    lost = standing.filter(
        ~pl.col("is_used")
        & (
            (pl.col("measure") == "bookings")
            | (
                pl.col("measure").replace_strict(DECIDES, default=None)
                == pl.col("node_level")
            )
        )
    )
    for measure, level, winner in lost.select(
        "measure", "node_level", "champion"
    ).iter_rows():
        _log.warning("%s at %s level lost to %s: not used", measure, level, winner)
    return Verdicts(rows.with_columns(model_version=pl.lit(model_version)), standing)


def _series(known: Known, *, use_slow_engines: bool) -> Backtest:
    facts = known.facts
    series = node_series(facts.bookings, facts.last_full_month)
    if series.is_empty():
        return _nothing()

    def seen(morning: date) -> pl.DataFrame:
        return with_nodes(
            node_series(known.bookings(morning), add_months(morning, -1))
        ).drop("series_id")

    named = with_nodes(series).drop("series_id")
    origins = origins_of(named, horizon=HORIZON_MONTHS, count=ORIGINS)
    return Backtest(
        (named, use_slow_engines, *map(seen, origins)),
        lambda: backtest_series(
            named,
            horizon=HORIZON_MONTHS,
            origins=ORIGINS,
            models=series_models(use_slow_engines=use_slow_engines),
            known=seen,
        ),
    )


def _people(known: Known, panel: pl.DataFrame) -> Backtest:
    if panel.is_empty() or panel["bookings_cents"].sum() <= 0:
        return _nothing()

    def seen(morning: date) -> pl.DataFrame:
        return known.rep_months(panel, morning)

    origins = origins_of(panel, horizon=HORIZON_MONTHS, count=ORIGINS)
    return Backtest(
        (panel, *map(seen, origins)),
        lambda: backtest_people(
            panel,
            horizon=HORIZON_MONTHS,
            origins=ORIGINS,
            known=seen,
            on_step=told(panel),
        ),
    )


def _pipeline(known: Known) -> Backtest:
    next_month = add_months(known.facts.last_full_month, 1)
    booked = company_months(known.facts.bookings, next_month)
    there = set(booked["month_start"].to_list())
    origins = [
        day
        for back in range(PIPELINE_MONTHS, PIPELINE_MONTHS + PIPELINE_ORIGINS)
        if (day := add_months(next_month, -back)) in there
    ]
    return Backtest(
        (booked, origins, *map(known.deals, origins)),
        lambda: backtest_pipeline(
            known.deals, booked, origins=origins, horizon=PIPELINE_MONTHS
        ),
    )


def _potential(known: Known) -> Backtest:
    facts = known.facts
    if facts.won.is_empty() or facts.accounts.is_empty():
        return _nothing()
    origins = origins_of(facts.won, horizon=HORIZON_MONTHS, count=ORIGINS)
    return Backtest(
        (facts.won, origins, *map(known.spending, origins)),
        lambda: backtest_potential(known.spending, facts.won, origins=origins),
    )


def _nothing() -> Backtest:
    return Backtest((), lambda: pl.DataFrame(schema=BACKTEST_SCHEMA))
