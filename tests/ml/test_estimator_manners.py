"""What scikit-learn's check_estimator asks with arrays, asked here with frames."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from ml.attrition import AttritionEstimator
from ml.bookings import BookingsEngine
from ml.pipeline import PipelineEstimator
from ml.potential import PotentialEstimator
from ml.productivity import ProductivityEstimator
from ml.ramp import RampEstimator

AS_OF = date(2025, 12, 28)
EVERY = ("ramp", "productivity", "attrition", "bookings", "pipeline", "potential")


@dataclass(frozen=True)
class Case:
    """An estimator, what it learns from, and what it is asked."""

    estimator: Any
    frames: tuple[pl.DataFrame, ...]
    ask: Callable[[Any], pl.DataFrame]
    says: dict[str, Any] = field(default_factory=dict)

    def fit(self, *frames: pl.DataFrame) -> Any:
        return self.estimator.fit(*(frames or self.frames), **self.says)


def deals() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Deals of 16 months; those that end in a third month are won half the time."""
    rng = np.random.default_rng(2)
    month = np.repeat(np.arange(16), 8)
    won = rng.random(len(month)) < 0.5
    names = [f"o{i:03d}" for i in range(len(month))]
    day = [
        [date(2024 + m // 12, m % 12 + 1, d) for m in range(24)] for d in (3, 15, 28)
    ]
    outcomes = pl.DataFrame(
        {
            "opportunity_id": names,
            "created_on": [day[0][m] for m in month],
            "closed_on": [day[1][m + 2] for m in month],
            "is_won": won,
            "amount_cents": rng.integers(1_000, 9_000, len(month)),
        }
    )
    snapshots = pl.concat(
        outcomes.select(
            "opportunity_id",
            snapshot_on=pl.Series([day[2][m + k] for m in month]),
            stage=pl.lit(("early", "late")[k]),
            amount_cents="amount_cents",
            created_on="created_on",
            stated_close_on=pl.Series([day[2][m + 2] for m in month]),
        )
        for k in (0, 1)
    )
    return snapshots, outcomes


def accounts() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Forty accounts of two industries and two years of what they spent."""
    rng = np.random.default_rng(3)
    ids = [f"a{i:02d}" for i in range(40)]
    rows = pl.DataFrame(
        {
            "account_id": ids,
            "industry": ["a", "b"] * 20,
            "employee_count": rng.integers(10, 900, 40).astype(float),
        }
    )
    spend = pl.DataFrame(
        {
            "account_id": ids * 24,
            "booked_on": [
                date(2024 + m // 12, m % 12 + 1, 9) for m in range(24) for _ in ids
            ],
            "amount_cents": rng.integers(0, 90_000, 24 * 40),
        }
    )  # fmt: skip
    return rows, spend


@pytest.fixture(scope="module")
def cases(small_force: pl.DataFrame) -> dict[str, Case]:
    rng = np.random.default_rng(4)
    series = pl.DataFrame(
        {
            "series_id": ["x"] * 30 + ["y"] * 30,
            "month_start": [date(2023 + m // 12, m % 12 + 1, 1) for m in range(30)] * 2,
            "value_cents": rng.integers(50, 150, 60).astype(float),
        }
    )
    snapshots, outcomes = deals()
    return {
        "ramp": Case(RampEstimator(draws=20), (small_force,), lambda e: e.curve()),
        "productivity": Case(
            ProductivityEstimator(), (small_force,), lambda e: e.by_rep()
        ),
        "attrition": Case(
            AttritionEstimator(), (small_force,), lambda e: e.leave_probability()
        ),
        "bookings": Case(BookingsEngine(horizon=3), (series,), lambda e: e.predict()),
        "pipeline": Case(
            PipelineEstimator(horizon=2),
            (snapshots, outcomes),
            lambda e: e.predict(snapshots.filter(pl.col("snapshot_on") <= AS_OF)),
            {"as_of": date(2025, 6, 28)},
        ),
        "potential": Case(
            PotentialEstimator(),
            accounts(),
            lambda e: e.predict(),
            {"as_of": date(2025, 12, 31)},
        ),
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_fit_returns_itself_and_changes_neither_settings_nor_frames(
    name: str, cases: dict[str, Case]
) -> None:
    case = cases[name]
    before = [frame.clone() for frame in case.frames]
    settings = case.estimator.get_params()
    assert case.fit() is case.estimator
    assert case.estimator.is_fitted
    assert case.estimator.get_params() == settings
    assert all(
        one.equals(other) for one, other in zip(before, case.frames, strict=True)
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_answering_changes_nothing_that_was_learned(
    name: str, cases: dict[str, Case]
) -> None:
    case = cases[name]
    learned = case.fit()
    before = pickle.dumps(learned)
    case.ask(learned)
    assert sorted(vars(pickle.loads(before))) == sorted(vars(learned))
    assert pickle.dumps(learned) == before


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_a_second_fit_other_row_orders_and_a_pickle_answer_the_same(
    name: str, cases: dict[str, Case]
) -> None:
    case = cases[name]
    once = case.ask(case.fit())
    assert case.ask(case.fit()).equals(once)
    assert case.ask(pickle.loads(pickle.dumps(case.estimator))).equals(once)
    turned = case.fit(*(frame.reverse() for frame in case.frames))
    answer = case.ask(turned)
    keys = [c for c, kind in once.schema.items() if not kind.is_float()]
    a, b = once.sort(keys), answer.sort(keys)
    for column in once.columns:
        if once.schema[column].is_float():
            assert np.allclose(a[column], b[column], rtol=1e-9), column
        else:
            assert a[column].equals(b[column]), column
