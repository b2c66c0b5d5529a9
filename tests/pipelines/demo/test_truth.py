"""The truth: complete, beside landing, and what the extracts were drawn from."""

from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines.demo import norms, truth
from pipelines.demo.company import demo_dates, write_company
from pipelines.demo.dirt import Soiler
from pipelines.demo.extracts import extracts
from pipelines.demo.frames import ids
from pipelines.demo.months import day_number
from pipelines.demo.scenario import Event, Events
from pipelines.demo.selling import RENEWAL, WON
from pipelines.demo.world import World, live

TABLES = {
    "ramp", "hazards", "hazard_factors", "reps", "potential", "deals", "events", "dirt",
    "keys", "pay", "pay_plan", "next_year",
}  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a company and return the folder of its truth."""
    folder = tmp_path_factory.mktemp("company")
    write_company(folder / "landing", folder / "truth", seed=3)
    return folder / "truth"


def test_every_truth_table_is_written(told: Path) -> None:
    assert {path.stem for path in told.iterdir()} == TABLES
    year = pl.read_parquet(told / "next_year.parquet")
    assert year["month_start"].n_unique() == 12
    assert year["month_start"].min() == demo_dates().plan_year_start


@pytest.mark.slow
def test_the_truth_of_next_year_is_what_happens_next_year(told: Path) -> None:
    until = demo_dates().first_night
    year = pl.read_parquet(told / "next_year.parquet")
    world = live(
        size="tiny", seed=3,
        as_of=until.replace(year=until.year + 1),
    )  # fmt: skip
    deals = world.deals.rows
    days = (deals["ends"] // 86_400).astype("datetime64[D]")
    after = days > np.datetime64(until)
    won = after & (deals["outcome"] == WON) & (deals["kind"] != RENEWAL)
    assert year["bookings_cents"].sum() == deals["amount_cents"][won].sum()


def test_potential_can_be_seen_in_the_profile() -> None:
    world = live(size="small", seed=1, as_of=date(2023, 3, 1))
    accounts = world.market.accounts
    for segment in range(len(norms.SEGMENTS)):
        mine = accounts["segment"] == segment
        seen = np.corrcoef(
            accounts["fit"][mine], np.log(accounts["potential_cents"][mine])
        )[0, 1]
        assert 0.3 < seen < 0.8  # predicts, but does not tell


@pytest.mark.slow
def test_wins_follow_the_ramp_that_the_truth_states() -> None:
    # Won over alive deals by tenure of the seat's holder, against the curve.
    world = live(size="large", seed=1, as_of=date(2022, 1, 31))
    deals, staff = world.deals.rows, world.staff
    rows = np.flatnonzero(deals["is_alive"] & (deals["kind"] != RENEWAL))
    rows = rows[deals["outcome"][rows] != 0]
    day = deals["ends"][rows] // 86_400
    spell, is_held = staff.spell_of(deals["seat"][rows], day)
    is_normal = is_held & (staff.spells["plateau"][spell] == 1.0)
    tenure = (day - staff.spells["start"][spell]) / 30.4375
    share = norms.ramp_share(tenure, staff.spells["ramp_months"][spell])
    won = deals["outcome"][rows] == WON
    full = won[is_normal & (share > 0.99)].mean()
    for low, high in ((0.1, 0.3), (0.4, 0.6), (0.7, 0.9)):
        here = is_normal & (share >= low) & (share < high)
        assert here.sum() > 50
        assert abs(won[here].mean() / full - share[here].mean()) < 0.15


@cache
def small() -> World:
    return live(size="small", seed=1, as_of=date(2026, 1, 31))


@pytest.mark.slow
def test_the_keys_join_every_system_without_a_loss() -> None:
    world, night = small(), day_number(date(2026, 1, 31))
    told = truth.keys(world, night)
    pieces: dict[str, list[pl.DataFrame]] = {}
    soiler = Soiler(world, night)
    for contract, frame in extracts(world, date(2026, 1, 31), soiler=soiler):
        pieces.setdefault(contract, []).append(frame)
    found = {contract: pl.concat(frames) for contract, frames in pieces.items()}
    for kind, contract, other, home, own in (
        ("person", "hris-workers", "worker_id", "crm-users", "user_id"),
        ("customer", "billing-customers", "customer_id", "crm-accounts", "account_id"),
    ):
        mine = told.filter(pl.col("kind") == kind)
        assert set(mine["other_id"]) == set(found[contract][other])
        assert set(mine["crm_id"]) <= set(found[home][own])
    copies = told.filter(pl.col("kind") == "account copy")
    marks = pl.concat(soiler.marks).filter(pl.col("kind") == "duplicate")
    assert copies.height == marks.height > 100
    # the same person by number, where the CRM has one
    numbered = found["crm-users"].drop_nulls("employee_number")
    joined = numbered.join(found["hris-workers"], on="employee_number").join(
        told, left_on="worker_id", right_on="other_id"
    )
    assert (joined["crm_id"] == joined["user_id"]).all()


@pytest.mark.slow
def test_closing_odds_and_luck_decide_every_sale() -> None:
    world = small()
    told = truth.deals(world, day_number(date(2026, 1, 31))).filter("is_decided")
    wins = told.filter("is_won")
    assert (wins["luck_share"] <= wins["closing_odds_share"] + 1e-6).all()
    assert (wins["win_odds_share"] > 0).all()
    # what was won follows the product of both odds
    rows = np.flatnonzero(world.deals.rows["kind"] != RENEWAL)
    sales = told.filter(
        pl.col("opportunity_id").is_in(ids("O", rows, 8).implode())
        & (pl.col("win_odds_share") > 0)
    )
    expected = float((sales["win_odds_share"] * sales["closing_odds_share"]).sum())
    assert abs(float(sales["is_won"].sum()) / expected - 1) < 0.1


@pytest.mark.slow
def test_dirt_is_told_night_by_night(tmp_path: Path) -> None:
    days = demo_dates(size="small")
    nights = (days.first_night, days.leaver_night)
    write_company(
        tmp_path / "landing", tmp_path / "truth", size="small", as_of=nights[-1],
        nights=nights,
    )  # fmt: skip
    told = pl.read_parquet(tmp_path / "truth" / "dirt.parquet")
    assert set(told["night"]) == set(nights)
    for night in nights:  # every mark is of a row delivered that night
        path = tmp_path / "landing" / "crm" / "accounts" / f"{night}.csv"
        known = pl.read_csv(path, infer_schema=False)["account_id"]
        mine = told.filter(
            (pl.col("night") == night) & (pl.col("contract") == "crm-accounts")
        )
        assert mine.height > 100
        assert set(mine["row_key"]) <= set(known)


def test_hazards_are_those_people_leave_by() -> None:
    table = truth.hazards(Events().leavers, is_calm=False)
    sellers = table.filter(pl.col("role") == "ae")["hazard_year_share"]
    assert sellers.min() == 0.25 * norms.HAZARD_LEVEL * 0.4
    assert sellers.max() == 0.25 * norms.HAZARD_LEVEL * 1.5
    off = truth.hazards(Event(), is_calm=False)
    assert off["hazard_year_share"].sum() == 0
