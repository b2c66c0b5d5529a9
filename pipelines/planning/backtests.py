"""Every model forecast again at past dates with what was known then, and scored."""

from dataclasses import dataclass
from datetime import date
from functools import partial

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
from pipelines.logs import logger
from pipelines.planning.known import Known, company_months
from pipelines.planning.series_forecast import node_series, series_models, with_nodes

HORIZON_MONTHS = 12
ORIGINS = 3
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


def judge(
    known: Known, panel: pl.DataFrame, *, model_version: str, use_slow_engines: bool
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

    Returns
    -------
    Verdicts
        A model is used when it beat its naive baseline over at least three past
        origins, or when there are fewer and nobody can tell.
    """
    tests = {
        "bookings": partial(_series, known, use_slow_engines=use_slow_engines),
        "people": partial(_people, known, panel),
        "pipeline": partial(_pipeline, known),
        "potential": partial(_potential, known),
    }
    parts = []
    for number, (name, run) in enumerate(tests.items(), start=1):
        _log.info("backtest %s of %s: %s at past dates", number, len(tests), name)
        parts.append(run())
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


def _series(known: Known, *, use_slow_engines: bool) -> pl.DataFrame:
    facts = known.facts
    series = node_series(facts.bookings, facts.last_full_month)
    if series.is_empty():
        return pl.DataFrame(schema=BACKTEST_SCHEMA)

    def seen(morning: date) -> pl.DataFrame:
        return with_nodes(
            node_series(known.bookings(morning), add_months(morning, -1))
        ).drop("series_id")

    return backtest_series(
        with_nodes(series).drop("series_id"),
        horizon=HORIZON_MONTHS,
        origins=ORIGINS,
        models=series_models(use_slow_engines=use_slow_engines),
        known=seen,
    )


def _people(known: Known, panel: pl.DataFrame) -> pl.DataFrame:
    if panel.is_empty() or panel["bookings_cents"].sum() <= 0:
        return pl.DataFrame(schema=BACKTEST_SCHEMA)
    return backtest_people(
        panel,
        horizon=HORIZON_MONTHS,
        origins=ORIGINS,
        known=lambda morning: known.rep_months(panel, morning),
    )


def _pipeline(known: Known) -> pl.DataFrame:
    next_month = add_months(known.facts.last_full_month, 1)
    booked = company_months(known.facts.bookings, next_month)
    seen = set(booked["month_start"].to_list())
    origins = [
        add_months(next_month, -back)
        for back in range(PIPELINE_MONTHS, PIPELINE_MONTHS + PIPELINE_ORIGINS)
    ]
    return backtest_pipeline(
        known.deals,
        booked,
        origins=[day for day in origins if day in seen],
        horizon=PIPELINE_MONTHS,
    )


def _potential(known: Known) -> pl.DataFrame:
    facts = known.facts
    if facts.won.is_empty() or facts.accounts.is_empty():
        return pl.DataFrame(schema=BACKTEST_SCHEMA)
    return backtest_potential(
        known.spending,
        facts.won,
        origins=origins_of(facts.won, horizon=HORIZON_MONTHS, count=ORIGINS),
    )
