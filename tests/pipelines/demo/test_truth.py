"""The truth: complete, beside landing, and what the extracts were drawn from."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.demo import norms
from pipelines.demo.company import demo_dates, write_company
from pipelines.demo.selling import RENEWAL, WON
from pipelines.demo.world import live

TABLES = {
    "ramp", "hazards", "reps", "potential", "deals", "events", "dirt", "next_year",
}  # fmt: skip


def test_every_truth_table_is_written(tmp_path: Path) -> None:
    write_company(tmp_path / "landing", tmp_path / "truth")
    assert {path.stem for path in (tmp_path / "truth").iterdir()} == TABLES
    year = pl.read_parquet(tmp_path / "truth" / "next_year.parquet")
    assert year["month_start"].n_unique() == 12
    assert year["month_start"].min() == demo_dates().plan_year_start


def test_the_truth_of_next_year_is_what_happens_next_year(tmp_path: Path) -> None:
    until = demo_dates().first_night
    write_company(tmp_path / "landing", tmp_path / "truth", seed=3)
    told = pl.read_parquet(tmp_path / "truth" / "next_year.parquet")
    world = live(
        size="tiny", seed=3,
        as_of=until.replace(year=until.year + 1),
    )  # fmt: skip
    deals = world.deals.rows
    days = (deals["ends"] // 86_400).astype("datetime64[D]")
    after = days > np.datetime64(until)
    won = after & (deals["outcome"] == WON) & (deals["kind"] != RENEWAL)
    assert told["bookings_cents"].sum() == deals["amount_cents"][won].sum()


def test_potential_can_be_seen_in_the_profile() -> None:
    world = live(size="small", seed=1, as_of=date(2023, 3, 1))
    accounts = world.market.accounts
    for segment in range(len(norms.SEGMENTS)):
        mine = accounts["segment"] == segment
        seen = np.corrcoef(
            accounts["fit"][mine], np.log(accounts["potential_cents"][mine])
        )[0, 1]
        assert 0.3 < seen < 0.8  # predicts, but does not tell


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
