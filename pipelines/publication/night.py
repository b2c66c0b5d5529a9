"""Which night a publication shows: run date, policy and the plan in force."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from data_contracts.errors import HomeError
from data_contracts.plan import EVER_PUBLISHED
from pipelines.settings import Settings


@dataclass(frozen=True, slots=True)
class Night:
    """One row of ``meta.publication``."""

    as_of: date
    data_through: date
    plan_version: int | None  # in force on `as_of`; None before the first plan
    policy_hash: str
    company: str
    currency: str


def read_night(settings: Settings) -> Night:
    """Return what the last run recorded of itself.

    Raises
    ------
    HomeError
        If no run has written its reference and its plan book yet.
    """
    run_file = settings.reference / "run.parquet"
    versions_file = settings.plan_book / "versions.parquet"
    for needed in (run_file, versions_file):
        if not needed.is_file():
            raise HomeError(
                f"{needed} is missing, so there is no night to publish",
                fix="run the nightly job: aop refresh",
            )
    run = pl.read_parquet(run_file).row(0, named=True)
    return Night(
        as_of=run["as_of"],
        data_through=run["data_through"],
        plan_version=_in_force(pl.read_parquet(versions_file), run["as_of"]),
        policy_hash=run["policy_hash"],
        company=run["company"],
        currency=run["currency"],
    )


def _in_force(versions: pl.DataFrame, day: date) -> int | None:
    numbers = (
        versions.filter(
            pl.col("state").is_in([str(state) for state in EVER_PUBLISHED]),
            pl.col("effective_from") <= day,
            pl.col("effective_to") >= day,
        )
        .sort("effective_from", "version")
        .get_column("version")
    )
    return int(numbers[-1]) if numbers.len() else None
