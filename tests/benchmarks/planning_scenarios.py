"""Ten scenarios beside each other against five single runs, in CPU seconds."""

import sys
import time
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from pipelines.planning.computing import PlanInputs, compute
from pipelines.planning.scenario_runs import run_scenarios
from pipelines.planning.scenarios import Scenario, drivers_of
from pipelines.planning.targets import first_horizon
from tests.pipelines.planning import conftest as small

EVENTS = (
    {"hire_delay_months": 1},
    {"hire_delay_months": 3},
    {"attrition_change_per_year_share": 0.05},
    {"attrition_change_per_year_share": 0.1},
    {"launch_slip_months": {"pro": 3}},
    {"budget_change_share": -0.1},
    {"demand_change_share": -0.1},
    {"price_change_share": 0.05},
)
DECISIONS = ({"targets": {"growth_share": 0.2}}, {"quotas": {"ramp_relief": False}})


def company(n_reps: int, n_accounts: int) -> PlanInputs:
    """Return a company of one size: two segments, books that need evening out."""
    rng = np.random.default_rng(0)
    facts = small.facts.__wrapped__(small.policy.__wrapped__())  # type: ignore[attr-defined]
    half = n_reps // 2
    reps = pl.DataFrame(
        {
            "rep_id": [f"r{i:04d}" for i in range(n_reps)],
            "role": "ae",
            "segment_id": ["smb"] * half + ["ent"] * (n_reps - half),
            "region_id": "east",
            "hired_on": date(2020, 1, 1),
            "left_on": None,
            "is_active": True,
            "is_quota_bearing": True,
            "latitude": None,
            "longitude": None,
        },
        schema=facts.reps.schema,
    )
    place = rng.integers(0, n_reps, n_accounts)
    accounts = pl.DataFrame(
        {
            "account_id": [f"a{i:06d}" for i in range(n_accounts)],
            "parent_account_id": None,
            "owner_rep_id": [f"r{i:04d}" for i in place],
            "segment_id": np.where(place < half, "smb", "ent"),
            "region_id": "east",
            "industry": None,
            "employee_count": None,
            "latitude": None,
            "longitude": None,
            "bookings_12m_cents": rng.integers(0, 50_000_00, n_accounts),
            "open_pipeline_cents": rng.integers(0, 9_000_00, n_accounts),
        },
        schema=facts.accounts.schema,
    )
    facts = replace(facts, reps=reps, accounts=accounts)
    forecasts = small.forecasts.__wrapped__(facts)  # type: ignore[attr-defined]
    potential = accounts.select(
        "account_id",
        potential_cents=pl.Series(rng.integers(1_000_00, 90_000_00, n_accounts)),
    )
    forecasts = replace(forecasts, potential=potential)
    return PlanInputs(facts, forecasts, first_horizon(facts.policy, facts.as_of))


def main() -> None:
    """Print the CPU seconds of both, one company after another."""
    sizes = [tuple(map(int, size.split("x"))) for size in sys.argv[1:]]
    run_scenarios(company(4, 40), [])  # load compiled loops before anything is timed
    print("| reps x accounts | ten scenarios, CPU s | five single runs | share |")
    print("|---|---|---|---|")
    for n_reps, n_accounts in sizes or [(4, 40), (40, 2_000), (100, 10_000)]:
        base = company(n_reps, n_accounts)
        told = [{"events": each} for each in EVENTS]
        told += [{"policy": each} for each in DECISIONS]
        scenarios = [
            Scenario.model_validate({"name": f"s{n}", "why": "what if", **each})
            for n, each in enumerate(told)
        ]
        began = time.process_time()
        run_scenarios(base, scenarios)
        together = time.process_time() - began
        began = time.process_time()
        for scenario in scenarios[:5]:
            (driver,) = drivers_of(scenario, base.facts.policy)
            compute(base)
            compute(driver.apply(base))
        singles = time.process_time() - began
        print(
            f"| {n_reps:,} x {n_accounts:,} | {together:.2f} | {singles:.2f} "
            f"| {together / singles:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
