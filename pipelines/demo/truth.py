"""What really drives the demo company; for tests and benchmarks, never the pipeline."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.demo import norms
from pipelines.demo.extracts_crm import SEGMENT_IDS, user_ids
from pipelines.demo.frames import chosen, days, ids
from pipelines.demo.months import NEVER, day_number
from pipelines.demo.world import LAUNCH_SLIPS_DAYS, LAUNCHED, PRODUCTS, World
from pipelines.files import write_parquet


def write_truth(world: World, folder: Path, as_of: date) -> dict[str, int]:
    """Write the truth tables known by a night; return rows by table."""
    tables = {
        "ramp": ramp(),
        "reps": reps(world, day_number(as_of)),
        "potential": potential(world, day_number(as_of)),
        "events": events(world, day_number(as_of)),
    }
    return {
        name: write_parquet(table, folder / f"{name}.parquet")
        for name, table in tables.items()
    }


def ramp() -> pl.DataFrame:
    """Return the usual share of full output by segment and tenure month."""
    tenure = np.arange(25)
    return pl.concat(
        pl.DataFrame(
            {
                "segment_id": [s.segment_id] * len(tenure),
                "tenure_month": tenure,
                "share": norms.ramp_share(
                    (tenure + 0.5).astype(np.float64),
                    np.full(len(tenure), s.ramp_months),
                ),
                "ramp_months": [s.ramp_months] * len(tenure),
            }
        )
        for s in norms.SEGMENTS
    )


def reps(world: World, night: int) -> pl.DataFrame:
    """Return each seller spell with its talent and its own ramp."""
    spells, people = world.staff.spells, world.staff.people
    rows = np.flatnonzero(
        (world.staff.seats["segment"][spells["seat"]] >= 0) & (spells["start"] <= night)
    )
    person = spells["person"][rows].astype(np.int64)
    return pl.DataFrame(
        {
            "rep_id": user_ids(person),
            "segment_id": chosen(SEGMENT_IDS, people["segment"][person]),
            "started_on": days(spells["start"][rows]),
            "left_on": days(people["left"][person], known_to=night),
            "activity": people["activity"][person],
            "win": people["win"][person],
            "ramp_months": spells["ramp_months"][rows],
            "plateau_share": spells["plateau"][rows],
        }
    )


def potential(world: World, night: int) -> pl.DataFrame:
    """Return each account's yearly potential and how well it fits."""
    accounts = world.market.accounts
    rows = np.flatnonzero(accounts["created"] < (night + 1) * 86_400)
    return pl.DataFrame(
        {
            "account_id": ids("A", rows, 7),
            "segment_id": chosen(SEGMENT_IDS, accounts["segment"][rows]),
            "potential_cents": accounts["potential_cents"][rows],
            "fit": accounts["fit"][rows],
        }
    )


def events(world: World, night: int) -> pl.DataFrame:
    """Return the scripted events that began by a night."""
    slips = day_number(world.dates.launch_planned_on)
    rows = [("launch_slipped", PRODUCTS[LAUNCHED][0], slips, slips + LAUNCH_SLIPS_DAYS)]
    if world.leaver >= 0:
        left = int(world.staff.people["left"][world.leaver])
        who = user_ids(np.array([world.leaver]))[0]
        rows.append(("rep_left", who, left, NEVER))
    frame = pl.DataFrame(
        rows, schema=["event", "subject", "began", "ended"], orient="row"
    ).filter(pl.col("began") <= night)
    return frame.select(
        "event", "subject",
        days(frame["began"].to_numpy()).alias("began_on"),
        days(frame["ended"].to_numpy(), known_to=night).alias("ended_on"),
    )  # fmt: skip
