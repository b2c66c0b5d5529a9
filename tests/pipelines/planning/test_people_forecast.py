"""People forecasts: the plan's odds, and the sheet where a model lost to it."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from data_contracts.calendar import months
from ml.backtest_scores import BACKTEST_SCHEMA, standings
from ml.capacity import CapacityForecast
from pipelines.ledger.queries import LedgerReader
from pipelines.ledger.store import Ledger
from pipelines.planning.backtests import Verdicts
from pipelines.planning.inputs import Facts
from pipelines.planning.people_forecast import forecast_people, panel_of, plan_odds

NO_PAST = pl.DataFrame(schema=BACKTEST_SCHEMA)
UNJUDGED = Verdicts(NO_PAST, standings(NO_PAST))


def lost(measure: str, level: str) -> Verdicts:
    row = {"measure": measure, "node_level": level, "is_used": False}
    return Verdicts(NO_PAST, pl.DataFrame([row]))


@pytest.fixture
def ledger(tmp_path: Path) -> LedgerReader:
    """A ledger in which nothing was ever proposed."""
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    Ledger(url)
    return LedgerReader(url)


def test_the_odds_count_what_is_booked_and_what_may_come(facts: Facts) -> None:
    # 20,000.00 a month in both segments together is booked in the fixture's history
    capacity = CapacityForecast(
        by_month=pl.DataFrame(),
        draws=np.array([[[100.0, 100.0]], [[300.0, 300.0]]]),
        groups=[("smb", "ae")],
        months=[date(2026, 1, 1), date(2026, 2, 1)],
    )
    booked = int(
        facts.bookings.filter(
            (pl.col("segment_id") == "smb")
            & (pl.col("month_start") == date(2025, 12, 1))
        )["bookings_cents"].sum()
    )
    targets = pl.DataFrame(
        {
            "node_level": "segment",
            "node_id": "smb",
            "month_start": months(date(2025, 12, 1), 3),
            "measure": "bookings",
            "value_cents": [booked, 200, 200],
        }
    )
    odds = plan_odds(capacity, targets, facts).row(0, named=True)
    assert odds["met_share"] == 0.5  # 200 or 600 against the 400 still missing
    assert odds["target_cents"] == booked + 400
    assert odds["p50_cents"] == booked + 400
    assert odds["months_count"] == 3


def test_a_segment_without_sellers_has_no_odds(facts: Facts) -> None:
    capacity = CapacityForecast(
        pl.DataFrame(), np.ones((2, 1, 1)), [("ent", "ae")], [date(2026, 1, 1)]
    )
    targets = pl.DataFrame(
        [("segment", "smb", date(2026, 1, 1), "bookings", 100)],
        schema=["node_level", "node_id", "month_start", "measure", "value_cents"],
        orient="row",
    )
    assert plan_odds(capacity, targets, facts).is_empty()


def test_every_file_of_people_is_forecast_and_no_plan_has_no_odds(
    facts: Facts, ledger: LedgerReader
) -> None:
    frames = forecast_people(facts, panel_of(facts), UNJUDGED, ledger)
    assert set(frames) == {
        "ramp", "productivity", "attrition", "capacity", "capacity_outlook",
        "rep_outlook",
    }  # fmt: skip
    assert frames["rep_outlook"]["rep_id"].to_list() == ["r1", "r2", "r3", "r4"]
    assert frames["capacity_outlook"]["node_level"].unique().sort().to_list() == [
        "company", "group", "segment",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_model_that_lost_gives_way_to_its_sheet(
    facts: Facts, ledger: LedgerReader
) -> None:
    panel = panel_of(facts)
    ours = forecast_people(facts, panel, UNJUDGED, ledger)
    sheet = forecast_people(facts, panel, lost("productivity", "segment"), ledger)
    assert sheet["ramp"].equals(ours["ramp"])
    # everybody books 500.00 a month in the fixture
    assert set(sheet["productivity"]["ramped_month_cents"]) == {500_00}
    flat = forecast_people(facts, panel, lost("capacity", "group"), ledger)
    assert set(flat["capacity"]["capacity_p50_cents"]) == {1_000_00}  # two reps a group


@pytest.mark.slow
def test_a_published_plan_gets_odds_of_roster_and_hires_together(
    facts: Facts, tmp_path: Path
) -> None:
    # four reps book 500.00 a month each, so 1,000.00 a segment; hires come on top
    url = f"sqlite:///{tmp_path / 'plans.sqlite'}"
    year = months(date(2026, 1, 1), 12)

    def odds_of(monthly: dict[str, int], hires: int) -> pl.DataFrame:
        ledger = Ledger(url)
        lines = [
            ("company" if node == "company" else "segment", node, month, cents)
            for node, cents in monthly.items()
            for month in year
        ]
        target = pl.DataFrame(
            lines,
            schema=["node_level", "node_id", "month_start", "value_cents"],
            orient="row",
        ).with_columns(measure=pl.lit("bookings"), reason=pl.lit("growth"))
        hire = pl.DataFrame(
            {"segment_id": "smb", "role": "ae", "month_start": [year[0]],
             "hires_count": hires, "reason": "growth"},
        )  # fmt: skip
        plan = ledger.propose(
            {"target": target, "hire": hire} if hires else {"target": target},
            scenario="base", title="plan of 2026", as_of=year[0],
            effective_from=year[0], effective_to=date(2026, 12, 31),
            proposed_by="ana", why="test", policy_hash="p", input_hash=f"i{hires}",
            code_hash="c",
        )  # fmt: skip
        ledger.approve(plan.version, "bo")
        ledger.publish(plan.version, "bo", may_undo=True)
        made = forecast_people(facts, panel_of(facts), UNJUDGED, LedgerReader(url))
        assert set(made["plan_odds"]["plan_version"]) == {plan.version}
        return made["plan_odds"]

    low = odds_of({"smb": 400_00, "ent": 4_000_00, "company": 1_900_00}, hires=0)
    said = dict(low.select("node_id", "met_share").iter_rows())
    assert said["smb"] > 0.95
    assert said["ent"] < 0.05
    assert set(low["months_count"]) == {12}
    assert (low["p10_cents"] < low["p90_cents"]).all()
    more = odds_of({"smb": 400_00, "ent": 4_000_00, "company": 1_900_00}, hires=4)
    helped = dict(more.select("node_id", "met_share").iter_rows())
    assert helped["company"] > said["company"]
    assert abs(helped["ent"] - said["ent"]) < 0.05


def test_nobody_booked_anything_is_said_by_no_rows(
    facts: Facts, ledger: LedgerReader
) -> None:
    empty = panel_of(facts).with_columns(bookings_cents=pl.lit(0, pl.Int64))
    assert forecast_people(facts, empty, UNJUDGED, ledger) == {}


def test_tenure_is_read_at_the_middle_of_what_was_worked(facts: Facts) -> None:
    half = facts.rep_months.with_columns(active_share=pl.lit(0.5))
    tenure = panel_of(
        Facts(
            facts.as_of, facts.last_full_month, facts.policy, facts.reps,
            facts.accounts, half, facts.won,
        )
    )["tenure_months"]  # fmt: skip
    assert tenure.unique().to_list() == [60.25]
