"""A plan's figures show each book twice and every account with a place once."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from pipelines.planning.book_figures import write_book_figures
from pipelines.planning.cycle import first_plan
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts
from pipelines.planning.targets import first_horizon


@pytest.mark.slow
def test_figures_draw_every_book_and_every_place_the_same_way_twice(
    facts: Facts, forecasts: Forecasts, tmp_path: Path
) -> None:
    spread = pl.int_range(20).cast(pl.Float64)
    placed = replace(
        facts,
        accounts=facts.accounts.with_columns(
            latitude=pl.when(spread < 15).then(spread), longitude=-spread
        ),
    )
    draft = first_plan(placed, forecasts, first_horizon(facts.policy, facts.as_of))
    files = write_book_figures(draft.content, placed, tmp_path)
    first = [path.read_bytes() for path in files]
    assert [path.name for path in files] == ["balance.svg", "map.svg"]
    assert first[0].count(b"<title>") == 4
    assert first[1].count(b"<circle") == 15
    assert b"5 without coordinates not drawn" in first[1]
    again = write_book_figures(draft.content, placed, tmp_path)
    assert [path.read_bytes() for path in again] == first


@pytest.mark.slow
def test_without_coordinates_the_map_says_so(
    facts: Facts, forecasts: Forecasts, tmp_path: Path
) -> None:
    draft = first_plan(facts, forecasts, first_horizon(facts.policy, facts.as_of))
    _, map_file = write_book_figures(draft.content, facts, tmp_path)
    assert "20 without coordinates not drawn" in map_file.read_text("utf-8")
