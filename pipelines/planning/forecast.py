"""Fit the forecasts on the last night's facts and write them with their backtests.

The only caller of ``ml``; planning reads the files written here.
"""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from data_contracts.calendar import add_months
from ml.potential import PotentialEstimator
from ml.potential_naive import last_year
from pipelines.ledger.queries import LedgerReader
from pipelines.logs import logger
from pipelines.planning.backtests import Verdicts, judge
from pipelines.planning.fingerprint import model_version
from pipelines.planning.forecast_files import SCHEMAS, Columns, write_files
from pipelines.planning.inputs import (
    Facts,
    night_policy,
    read_facts,
    read_forecast,
    reference_run,
)
from pipelines.planning.known import Known, read_known
from pipelines.planning.people import Forecasts
from pipelines.planning.people_forecast import forecast_people, panel_of
from pipelines.planning.pipeline_forecast import blend_pipeline
from pipelines.planning.series_forecast import (
    agree,
    forecast_bookings,
    forecast_series,
    node_series,
)
from pipelines.settings import Settings

__all__ = [
    "SCHEMAS",
    "Columns",
    "forecast_bookings",
    "node_series",
    "read_forecasts",
    "write_forecasts",
]
_log = logger(__name__)


def write_forecasts(settings: Settings) -> dict[str, int]:
    """Forecast people, bookings, pipeline and potential of the night, and score them.

    Returns
    -------
    dict of file stem to rows
        A forecast whose inputs are missing is written with zero rows.
    """
    facts = replace(read_facts(settings), policy=night_policy(settings))
    known = read_known(settings, facts)
    panel = panel_of(facts)
    verdicts = judge(
        known,
        panel,
        model_version=model_version(),
        use_slow_engines=facts.policy.forecast.use_slow_engines,
        memory=settings.forecast / "remembered",
    )
    _log.info("forecasting people, bookings, pipeline and potential")
    ledger = LedgerReader(settings.ledger_url)
    through = reference_run(settings)["data_through"]
    frames = {
        **forecast_people(facts, panel, verdicts, ledger),
        **_bookings(known, verdicts, through),
        **_accounts(facts, verdicts, through),
        "backtest": verdicts.backtest,
        "standing": verdicts.standing,
    }
    return write_files(settings, frames, facts.as_of)


def read_forecasts(settings: Settings) -> Forecasts:
    """Read back what the last night forecast."""
    return Forecasts(
        ramp=read_forecast(settings, "ramp"),
        productivity=read_forecast(settings, "productivity"),
        attrition=read_forecast(settings, "attrition"),
        capacity=read_forecast(settings, "capacity"),
        bookings=read_forecast(settings, "bookings"),
        potential=read_forecast(settings, "account_potential"),
    )


def _bookings(
    known: Known, verdicts: Verdicts, data_through: date
) -> dict[str, pl.DataFrame]:
    """Return bookings by node with the pipeline blended in, and the pipeline's own."""
    facts = known.facts
    series = node_series(facts.bookings, facts.last_full_month)
    if series.is_empty():
        return {}
    says = facts.policy.forecast
    ahead = forecast_series(
        series,
        verdicts.series_champions(),
        use_slow_engines=says.use_slow_engines,
    )
    through = min(data_through, _end_of_next(facts.last_full_month))
    blend = blend_pipeline(
        known,
        ahead,
        verdicts.backtest,
        is_used=verdicts.is_used("pipeline"),
        data_through=through,
    )
    pins_top = says.reconciliation == "top"
    if blend is None:
        return {"bookings": agree(ahead, pins_top=pins_top)}
    return {
        "bookings": agree(blend.ahead, pins_top=pins_top),
        "pipeline": blend.pipeline,
    }


def _end_of_next(last_full_month: date) -> date:
    return add_months(last_full_month, 2) - timedelta(days=1)


def _accounts(
    facts: Facts, verdicts: Verdicts, through: date
) -> dict[str, pl.DataFrame]:
    """Return what accounts may buy, judged on the last day that files cover.

    Days nothing is known of are no days without a purchase.
    """
    since = add_months(through, -23)
    recent = facts.won.filter(pl.col("booked_on").is_between(since, through))
    if facts.accounts.is_empty() or recent["amount_cents"].sum() <= 0:
        _log.warning("no account has bought anything lately: potential not forecast")
        return {}
    found = PotentialEstimator().fit(facts.accounts, facts.won, as_of=through).predict()
    if not verdicts.is_used("potential"):
        naive = last_year(facts.accounts, facts.won, as_of=through)
        found = found.drop("potential_cents").join(naive, on="account_id")
        point = pl.col("potential_cents")
        found = found.with_columns(
            p10_cents=pl.min_horizontal("p10_cents", point),
            p90_cents=pl.max_horizontal("p90_cents", point),
        )
    return {"account_potential": found}
