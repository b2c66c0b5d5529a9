"""One night's forecasting: 5,000 reps and 5,000 series, with CPU time and memory.

Run: python tests/benchmarks/ml_night.py
"""

import resource
import time
import warnings
from datetime import date

import numpy as np
import polars as pl
from ml_worlds import make_world

from ml.attrition import AttritionEstimator
from ml.bookings import BookingsEngine
from ml.capacity import simulate_capacity
from ml.productivity import ProductivityEstimator
from ml.ramp import RampEstimator


def main() -> None:
    """Print seconds by step, the total and the peak memory."""
    warnings.simplefilter("error")
    world = make_world(5000, 1)
    months = pl.date_range(date(2021, 1, 1), date(2025, 12, 1), "1mo", eager=True)
    rng = np.random.default_rng(0)
    series = pl.DataFrame(
        {
            "series_id": np.repeat([f"s{i:04d}" for i in range(5000)], 60),
            "month_start": months.to_list() * 5000,
            "value_cents": rng.gamma(4.0, 250_000.0, 300_000).round(),
        }
    )
    began = last = time.process_time()

    def lap(name: str) -> None:
        nonlocal last
        now = time.process_time()
        print(f"{name:14s} {now - last:6.1f} s")
        last = now

    ramp = RampEstimator().fit(world.panel)
    ramp.curve()
    lap("ramp")
    productivity = ProductivityEstimator(ramp=ramp).fit(world.panel)
    productivity.by_rep()
    lap("productivity")
    leavers = AttritionEstimator().fit(world.panel, ramp)
    leavers.leave_probability()
    lap("attrition")
    simulate_capacity(ramp, leavers)
    lap("capacity")
    BookingsEngine().fit_predict(series)
    lap("bookings")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"total {time.process_time() - began:.1f} s, peak {peak:.0f} MB")


if __name__ == "__main__":
    main()
