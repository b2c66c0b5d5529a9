"""Draw a plan's books before and after, and where they lie, as SVG."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

import numpy as np
import polars as pl

from data_contracts.money import show
from pipelines.files import write_text
from pipelines.planning.inputs import Facts

WIDTH: Final = 860
ROW: Final = 16
LEFT: Final = 150
INK, BEFORE, AFTER, BAND = "#1f2933", "#cbd5e1", "#0b6e99", "#fde68a"
MAP_HEIGHT: Final = 520
COLOURS: Final = (
    *("#0b6e99", "#c2410c", "#15803d", "#7c3aed", "#be123c", "#a16207"),
    *("#0f766e", "#4338ca", "#b45309", "#475569", "#9d174d", "#3f6212"),
)


def write_book_figures(
    content: Mapping[str, pl.DataFrame], facts: Facts, folder: Path
) -> list[Path]:
    """Write ``balance.svg`` and ``map.svg`` of a plan's books.

    Parameters
    ----------
    content : component name to lines
        Of one version.
    facts : Facts
        Coordinates of accounts and reps, and the balance the policy asks for.
    folder : Path
        Where to; files are replaced whole.

    Returns
    -------
    list of Path
        The same plan and facts give the same bytes.
    """
    lines = content["assignment"].sort("account_id", "valid_from")
    rules = facts.policy.territories
    pool = [f"{name}_id" for name in rules.eligibility]
    share = rules.balance_tolerance_share
    files = {
        folder / "balance.svg": balance(lines, facts.reps, pool, tolerance=share),
        folder / "map.svg": book_map(lines, facts.accounts, facts.reps),
    }
    for path, text in files.items():
        write_text(text, path)
    return list(files)


def balance(
    lines: pl.DataFrame, reps: pl.DataFrame, pool: list[str], *, tolerance: float
) -> str:
    """Draw each rep's potential before and after, on the band of equal books.

    Parameters
    ----------
    lines : frame of account_id, rep_id, previous_rep_id, potential_cents
    reps : frame of rep_id and the columns of `pool`
    pool : list of column names
        Reps equal in these share their accounts evenly.
    tolerance : float, share
        Half the width of the band around the mean book of a pool.

    Returns
    -------
    str
        An SVG; bars are in one scale, the band is where equally large books would
        lie. Reps still ramping are planned smaller books, left of it.
    """
    place_of = pl.concat_str(
        [pl.col(name).fill_null("none") for name in pool], separator=" "
    )
    after = (
        lines.group_by("rep_id")
        .agg(pl.col("potential_cents").sum().alias("after"))
        .join(reps.select("rep_id", place_of.alias("pool")), on="rep_id", how="left")
        .with_columns(pl.col("pool").fill_null("none"))
    )
    before = (
        lines.drop_nulls("previous_rep_id")
        .group_by(pl.col("previous_rep_id").alias("rep_id"))
        .agg(pl.col("potential_cents").sum().alias("before"))
    )
    books = (
        after.join(before, on="rep_id", how="left")
        .with_columns(pl.col("before").fill_null(0))
        .with_columns(mean=pl.col("after").mean().over("pool"))
        .sort("pool", "rep_id")
    )
    most = books.select(pl.max_horizontal("after", "before").max()).item() or 1
    scale = (WIDTH - LEFT - 20) / (float(most) * 1.02)
    title = (
        "Potential of each book: before (grey), after (blue); band: mean of those "
        f"who share accounts, within {tolerance:.0%}"
    )
    body = [_text(10, 18, title, 13)]
    for place, row in enumerate(books.iter_rows(named=True)):
        top = 34 + place * ROW
        low = LEFT + scale * row["mean"] * (1 - tolerance)
        wide = scale * row["mean"] * 2 * tolerance
        body += [
            _box(low, top, wide, ROW - 2, BAND),
            _box(LEFT, top + 1, scale * row["before"], 5, BEFORE),
            _box(LEFT, top + 7, scale * row["after"], 5, AFTER, show(row["after"])),
            _text(10, top + 11, f"{row['rep_id']} · {row['pool']}", 10),
        ]
    return _svg(WIDTH, 44 + books.height * ROW, body)


def book_map(lines: pl.DataFrame, accounts: pl.DataFrame, reps: pl.DataFrame) -> str:
    """Draw where accounts lie, one colour a book, moved ones ringed, homes as squares.

    Accounts without possible coordinates are counted in the title, not drawn.
    """
    place = ["latitude", "longitude"]
    found = (
        lines.join(accounts.select("account_id", *place), on="account_id", how="left")
        .filter(
            pl.col("latitude").is_between(-90, 90),
            pl.col("longitude").is_between(-180, 180),
        )
        .sort("account_id")
    )
    homes = reps.filter(pl.col("rep_id").is_in(lines["rep_id"].unique().to_list()))
    homes = homes.drop_nulls(place).sort("rep_id")
    title = (
        f"{found.height} accounts by book; ringed: changed hands; "
        f"{lines.height - found.height} without coordinates not drawn"
    )
    body = [_text(10, 18, title, 13)]
    if found.is_empty():
        return _svg(WIDTH, 30, body)
    every = np.vstack([found.select(place).to_numpy(), homes.select(place).to_numpy()])
    low, high = every.min(axis=0), every.max(axis=0)
    size = np.maximum(high - low, 1e-6)

    def spot(latitude: float, longitude: float) -> tuple[float, float]:
        x = 12 + (longitude - low[1]) / size[1] * (WIDTH - 24)
        return x, 30 + (high[0] - latitude) / size[0] * (MAP_HEIGHT - 42)

    order = sorted(set(lines["rep_id"].to_list()))
    colour = {rep: COLOURS[n % len(COLOURS)] for n, rep in enumerate(order)}
    for row in found.iter_rows(named=True):
        x, y = spot(row["latitude"], row["longitude"])
        ring = f' stroke="{INK}" stroke-width="0.8"' if row["is_moved"] else ""
        body.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2" fill="{colour[row["rep_id"]]}"'
            f' fill-opacity="0.7"{ring}/>'
        )
    for row in homes.iter_rows(named=True):
        x, y = spot(row["latitude"], row["longitude"])
        body.append(_box(x - 4, y - 4, 8, 8, colour[row["rep_id"]], row["rep_id"]))
    return _svg(WIDTH, MAP_HEIGHT, body)


def _svg(width: int, height: int, body: list[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif">'
    )
    paper = _box(0, 0, width, height, "#ffffff")
    return "\n".join([head, paper, *body, "</svg>"]) + "\n"


def _box(
    x: float, y: float, width: float, height: float, fill: str, title: str = ""
) -> str:
    told = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" '
        f'height="{height:.1f}" fill="{fill}">{told}</rect>'
    )


def _text(x: float, y: float, text: str, size: int) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{INK}">'
        f"{escape(text)}</text>"
    )
