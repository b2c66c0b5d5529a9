"""Two shapes of one history: rows of fields rebuild the snapshots they came from."""

from datetime import UTC, date, datetime
from functools import cache

import polars as pl
import pytest

from pipelines.demo.extracts import FIELDS, SNAPSHOTS, extracts
from pipelines.demo.field_history import TRACKED, fields_of
from pipelines.demo.world import World, live

NIGHT = date(2026, 6, 5)


@cache
def world() -> World:
    return live(size="tiny", seed=3, as_of=NIGHT)


def test_only_what_changed_has_a_row() -> None:
    began, moved = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 9))
    frame = pl.DataFrame(
        {
            "opportunity_id": ["O1", "O1", "O2"],
            "changed_at": [began, moved, began],
            "stage": ["Qualification", "Proposal", "Proposal"],
            "amount": [100, 100, None],
            "probability": [25.0, 50.0, 50.0],
            "close_date": [date(2026, 2, 1)] * 3,
            "forecast_category": ["Pipeline", "Best Case", "Best Case"],
        }
    )
    told = fields_of(frame)
    later = told.filter(pl.col("changed_at") == moved)
    assert later.select("field", "old_value", "new_value").rows() == [
        ("forecast_category", "Pipeline", "Best Case"),
        ("probability", "25.0", "50.0"),
        ("stage", "Qualification", "Proposal"),
    ]
    assert told.filter(pl.col("opportunity_id") == "O2").height == 4  # no amount yet


@pytest.mark.slow
def test_fields_rebuild_every_snapshot() -> None:
    snapshots = pl.concat(
        f for name, f in extracts(world(), NIGHT) if name == SNAPSHOTS
    )
    told = pl.concat(
        f for name, f in extracts(world(), NIGHT, history="fields") if name == FIELDS
    )
    keys = ["opportunity_id", "changed_at"]
    wide = told.pivot("field", index=keys, values="new_value")
    rebuilt = (
        snapshots.select("opportunity_id", "changed_at")
        .join(wide, on=keys, how="left")
        .with_columns(pl.col(*TRACKED).forward_fill().over("opportunity_id"))
        .select("opportunity_id", "changed_at", *TRACKED)
    )
    wanted = snapshots.with_columns(pl.col(*TRACKED).cast(pl.String))
    assert rebuilt.equals(wanted.select(rebuilt.columns))


def test_a_company_delivers_one_shape_only() -> None:
    for shape, there, missing in (
        ("snapshots", SNAPSHOTS, FIELDS),
        ("fields", FIELDS, SNAPSHOTS),
    ):
        told = {name for name, _ in extracts(world(), NIGHT, history=shape)}
        assert there in told
        assert missing not in told
