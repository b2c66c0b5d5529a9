"""A seeded demo company: its nightly extracts into landing, its truth beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

from data_contracts.calendar import add_months
from data_contracts.errors import HomeError
from pipelines.demo.deliveries import Deliverer, Style, style_of
from pipelines.demo.dirt import MARKS, Soiler
from pipelines.demo.extracts import extracts
from pipelines.demo.months import day_number
from pipelines.demo.scenario import Scenario, load_scenario, usual_scenario
from pipelines.demo.sizes import DEMO_SEED, DemoDates, demo_dates, size_named
from pipelines.demo.truth import write_truth
from pipelines.demo.world import live
from pipelines.logs import logger

LOG = logger(__name__)
PLAIN_STYLE: Final = Style()

__all__ = [
    "DEMO_SEED", "DemoDates", "Order", "Style", "demo_dates", "make_company",
    "order_company", "style_of", "write_company",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Order:
    """A company that can be made: every word and date has been checked."""

    size: str
    seed: int
    first_day: date | None
    until: date
    nights: tuple[date, ...]
    scenario: Scenario
    style: Style


def order_company(
    *,
    size: str = "tiny",
    seed: int = DEMO_SEED,
    first_day: date | None = None,
    as_of: date | None = None,
    nights: Sequence[date] | None = None,
    scenario: Scenario | Path | None = None,
    style: Style = PLAIN_STYLE,
) -> Order:
    """Hold what is asked for to what can be made; nothing is written.

    Parameters are those of `write_company`.

    Raises
    ------
    PolicyError
        If there is no such size or style, or the scenario has unknown keys.
    HomeError
        If dates are out of order.
    """
    dates = demo_dates(size=size, first_day=first_day)
    until = dates.first_night if as_of is None else as_of
    if until < dates.first_day:
        raise HomeError(
            f"as-of {until} is before the company's first day, {dates.first_day}",
            fix="choose a later --as-of or an earlier --from",
        )
    story = (dates.first_night, dates.leaver_night, dates.after_leaver_night)
    wanted = sorted({*story, until} if nights is None else set(nights))
    if nights is None:
        wanted = [night for night in wanted if night <= until]
    for night in wanted:
        if not dates.first_day <= night <= until:
            raise HomeError(
                f"night {night} is not between {dates.first_day} and {until}",
                fix="choose nights from the company's first day up to --as-of",
            )
    chosen = size_named(size)
    if isinstance(scenario, Path):
        scenario = load_scenario(scenario, chosen)
    wished = usual_scenario(chosen) if scenario is None else scenario.checked()
    return Order(size, seed, first_day, until, tuple(wanted), wished, style.checked())


def write_company(
    home_landing: Path,
    truth: Path,
    *,
    size: str = "tiny",
    seed: int = DEMO_SEED,
    first_day: date | None = None,
    as_of: date | None = None,
    nights: Sequence[date] | None = None,
    scenario: Scenario | Path | None = None,
    style: Style = PLAIN_STYLE,
) -> dict[date, dict[str, int]]:
    """Write a demo company's extracts of some nights, and its truth.

    Parameters
    ----------
    home_landing : Path
        Landing folder of the home; files are ``<system>/<table>/<night>.csv[.gz]``.
    truth : Path
        Folder for what really drives the company; the pipeline never reads it.
    size : str, default "tiny"
        Name of the size, see `pipelines.demo.sizes`.
    seed : int, default `DEMO_SEED`
        Same size, seed and first day give the same bytes for each night.
    first_day : date, optional
        First day of history, taken to the first of its month; by default the one
        that makes the plan year start on 2026-02-01.
    as_of : date, optional
        Last night; by default the night before the plan year.
    nights : sequence of dates, optional
        Nights to write, none after `as_of`; by default those of the demo's story
        up to `as_of`, and `as_of` itself.
    scenario : Scenario or path of a YAML file, optional
        What happens and how dirty the extracts are; by default what the size does.
    style : Style, default canonical full CSV
        Layout, file kind, packing, and whether later nights hold only changes.

    Returns
    -------
    dict
        Rows by night and contract. A night holds nothing that happened after it,
        so a later `as_of` only adds nights.

    Raises
    ------
    PolicyError
        If there is no such size or style, or the scenario has unknown keys.
    HomeError
        If dates are out of order.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as home:
    ...     written = write_company(Path(home, "landing"), Path(home, "truth"))
    >>> [night.isoformat() for night in written]
    ['2026-01-31']
    """
    order = order_company(
        size=size, seed=seed, first_day=first_day, as_of=as_of, nights=nights,
        scenario=scenario, style=style,
    )  # fmt: skip
    return make_company(order, home_landing, truth)


def make_company(
    order: Order, home_landing: Path, truth: Path
) -> dict[date, dict[str, int]]:
    """Write a company as ordered; see `write_company`."""
    deliverer = Deliverer(home_landing, order.style)
    world = live(
        size=order.size, seed=order.seed, first_day=order.first_day,
        as_of=add_months(order.until, 12), scenario=order.scenario,
    )  # fmt: skip
    written, marks = {}, [pl.DataFrame(schema={"night": pl.Date, **MARKS})]
    for night in order.nights:
        soiler = Soiler(world, day_number(night))
        pieces = extracts(world, night, soiler=soiler, history=order.style.history)
        written[night] = deliverer.deliver(pieces, str(night))
        soiled = pl.concat(soiler.marks)
        marks.append(soiled.select(pl.lit(night).alias("night"), *MARKS))
        LOG.info("%s: %d rows", night, sum(written[night].values()))
    write_truth(world, truth, order.until, pl.concat(marks))
    return written
