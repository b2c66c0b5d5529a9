"""Small sales forces for the tests of `ml`."""

import importlib.util
import sys
from datetime import date
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest

ROOT = Path(__file__).parents[2]
ADVENTUREWORKS = ROOT.parent / "shared" / "data" / "adventureworks"


@pytest.fixture(scope="session")
def worlds() -> ModuleType:
    """The simulators of the benchmarks, which know the truth."""
    path = ROOT / "tests" / "benchmarks" / "ml_worlds.py"
    spec = importlib.util.spec_from_file_location("ml_worlds", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["ml_worlds"] = module
    spec.loader.exec_module(module)
    return module


def rep_months(
    rep_id: str,
    cents: list[int],
    *,
    tenure: float = 60.0,
    segment_id: str = "smb",
    role: str = "ae",
    first: date = date(2024, 1, 1),
    left_on: date | None = None,
) -> pl.DataFrame:
    """Rep-months of one person, one a month from `first`."""
    months = [
        date(
            first.year + (first.month - 1 + m) // 12, (first.month - 1 + m) % 12 + 1, 1
        )
        for m in range(len(cents))
    ]
    return pl.DataFrame(
        {
            "rep_id": rep_id,
            "month_start": months,
            "role": role,
            "segment_id": segment_id,
            "region_id": "world",
            "hired_on": None,
            "left_on": left_on,
            "tenure_months": [tenure + m for m in range(len(cents))],
            "active_share": 1.0,
            "bookings_cents": cents,
        },
        schema_overrides={"hired_on": pl.Date, "left_on": pl.Date},
    )


@pytest.fixture
def person():
    """Build the rep-months of one person."""
    return rep_months


@pytest.fixture(scope="session")
def small_force() -> pl.DataFrame:
    """Twelve ramped reps and six hires over 24 months; two leave."""
    rng = np.random.default_rng(5)
    people = []
    for i in range(12):
        mean = 100_000 * (1 + 0.02 * i)
        people.append(
            rep_months(
                f"old{i:02d}",
                rng.poisson(mean / 10_000, 24).astype(int).__mul__(10_000).tolist(),
                segment_id="smb" if i % 2 else "ent",
                left_on=date(2025, 12, 20) if i == 3 else None,
            )
        )
    for i in range(6):
        share = 1 - 0.2 ** ((np.arange(20 - i) + 0.5) / 5.0)
        counts = rng.poisson(10 * share)
        people.append(
            rep_months(
                f"new{i:02d}",
                (counts * 10_000).tolist(),
                tenure=0.5,
                first=date(2024, 5 + i, 1),
                segment_id="smb" if i % 2 else "ent",
                left_on=date(2025, 12, 3) if i == 5 else None,
            )
        )
    return pl.concat(people)


@pytest.fixture(scope="session")
def adventureworks() -> pl.DataFrame:
    """Rep-months of 17 real sellers over 35 months."""
    if not ADVENTUREWORKS.exists():
        pytest.skip(f"{ADVENTUREWORKS} is absent: shared data is not in the repository")
    orders = pl.read_csv(ADVENTUREWORKS / "FactResellerSales.csv", null_values="NULL")
    keys = pl.read_csv(ADVENTUREWORKS / "EmployeeKeyCrosswalk.csv")
    people = pl.read_csv(ADVENTUREWORKS / "Employee.csv").select(
        "BusinessEntityID", hired_on=pl.col("HireDate").str.to_date()
    )
    sold = (
        orders.join(keys, on="EmployeeKey")
        .group_by(
            "BusinessEntityID",
            month_start=pl.col("OrderDate").str.to_date().dt.truncate("1mo"),
        )
        .agg(bookings_cents=(pl.col("SalesAmount") * 100).round().cast(pl.Int64).sum())
    )
    months = pl.DataFrame(
        {
            "month_start": pl.date_range(
                date(2017, 7, 1), date(2020, 5, 1), "1mo", eager=True
            )
        }
    )
    middle = pl.col("month_start").dt.offset_by("15d")
    return (
        sold.select("BusinessEntityID")
        .unique()
        .join(people, on="BusinessEntityID")
        .join(months, how="cross")
        .filter(pl.col("month_start").dt.month_end() >= pl.col("hired_on"))
        .join(sold, on=["BusinessEntityID", "month_start"], how="left")
        .with_columns(
            rep_id=pl.col("BusinessEntityID").cast(pl.String),
            role=pl.lit("ae"),
            segment_id=pl.when(pl.col("BusinessEntityID") == 288)
            .then(pl.lit("one rep"))
            .otherwise(pl.lit("resellers")),
            region_id=pl.lit("world"),
            left_on=pl.lit(None, dtype=pl.Date),
            tenure_months=(
                (middle - pl.col("hired_on")).dt.total_days() / 30.4375
            ).clip(0),
            active_share=1.0,
            bookings_cents=pl.col("bookings_cents").fill_null(0),
        )
    )
