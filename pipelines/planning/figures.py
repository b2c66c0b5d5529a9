"""Draw the night's forecasts as SVG: fitted ramps, and fans over history."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

import polars as pl

from pipelines.files import write_text
from pipelines.planning.inputs import read_facts, read_forecast
from pipelines.settings import Settings

WIDTH: Final = 760
PANEL: Final = (56, 18, 744, 222)  # left, top, right, bottom of a plot
HEIGHT: Final = 262
INK, GRID = "#1f2933", "#e4e7eb"
COLOURS: Final = ("#0b6e99", "#c2410c", "#15803d", "#7c3aed", "#a16207", "#be185d")
LARGEST: Final = 6  # ramps drawn, those with the most months of hires first

Point = tuple[float, float]


def write_figures(settings: Settings, folder: Path) -> list[Path]:
    """Draw the last night's ramps, bookings and capacity into a folder.

    Parameters
    ----------
    settings : Settings
        A home whose last night was refreshed.
    folder : Path
        Where to; files are replaced whole.

    Returns
    -------
    list of Path
        ``forecast_ramps.svg``, ``forecast_bookings.svg``, ``forecast_capacity.svg``;
        the same forecasts give the same bytes.

    Raises
    ------
    HomeError
        If no night was ever refreshed.
    """
    facts = read_facts(settings)
    past = (
        facts.bookings.group_by("month_start")
        .agg(value_cents=pl.col("bookings_cents").sum())
        .sort("month_start")
    )
    company = pl.col("node_level") == "company"
    files = {
        "forecast_ramps.svg": ramps(read_forecast(settings, "ramp")),
        "forecast_bookings.svg": fan(
            past,
            read_forecast(settings, "bookings").filter(company),
            f"bookings a month, {facts.policy.company.currency}",
        ),
        "forecast_capacity.svg": fan(
            past,
            read_forecast(settings, "capacity_outlook").filter(company),
            f"capacity of roster and plan a month, {facts.policy.company.currency}",
        ),
    }
    for name, text in files.items():
        write_text(text, folder / name)
    return [folder / name for name in files]


def ramps(ramp: pl.DataFrame) -> str:
    """Draw each group's share of full productivity by tenure, with its 80 % interval.

    Parameters
    ----------
    ramp : frame of the ramp file

    Returns
    -------
    str
        SVG; the groups with the most months of new hires, six at most.
    """
    groups = (
        ramp.group_by("segment_id", "role")
        .agg(pl.col("rep_months_count").first())
        .sort("rep_months_count", "segment_id", "role", descending=[True, False, False])
        .head(LARGEST)
    )
    last = max(ramp["tenure_month"].to_list(), default=36)
    parts = _axes(
        [(m, f"{m}") for m in range(0, last + 1, 6)],
        [(s / 4, f"{25 * s} %") for s in range(5)],
        (0, last),
        (0, 1),
        "months since start",
    )
    for place, (segment, role, _) in enumerate(groups.iter_rows()):
        rows = ramp.filter(
            (pl.col("segment_id") == segment) & (pl.col("role") == role)
        ).sort("tenure_month")
        colour = COLOURS[place % len(COLOURS)]
        low, middle, high = (
            [
                _at(x, y, (0, last), (0, 1))
                for x, y in rows.select("tenure_month", name).iter_rows()
            ]
            for name in ("share_p10", "share", "share_p90")
        )
        m80 = rows.row(0, named=True)
        parts += [
            _band(low, high, colour),
            _line(middle, colour),
            f'<text x="{PANEL[2] - 250}" y="{150 + place * 15}" fill="{colour}">'
            f"{escape(f'{segment} {role}')}: 80 % after {m80['months_to_80']:.1f} "
            f"({m80['months_to_80_p10']:.1f} to {m80['months_to_80_p90']:.1f})</text>",
        ]
    return _page(parts, "share of full productivity; bands hold 80 %")


def fan(past: pl.DataFrame, ahead: pl.DataFrame, title: str) -> str:
    """Draw what was booked and what is forecast, with P10 to P90.

    Parameters
    ----------
    past : frame of month_start, value_cents
    ahead : frame of month_start, p10_cents, p50_cents, p90_cents
    title : str

    Returns
    -------
    str
        SVG; months along the bottom.
    """
    ahead = ahead.sort("month_start")
    months: list[date] = sorted(
        {*past["month_start"].to_list(), *ahead["month_start"].to_list()}
    )
    place = {month: i for i, month in enumerate(months)}
    tallest = max(
        float(past["value_cents"].max() or 0),  # type: ignore[arg-type]  # integers
        float(ahead["p90_cents"].max() or 0),  # type: ignore[arg-type]  # integers
        1.0,
    )
    xs, ys = (0, max(len(months) - 1, 1)), (0, tallest)
    parts = _axes(
        [(i, f"{m:%Y-%m}") for i, m in enumerate(months) if i % 6 == 0],
        [(tallest * s / 4, f"{tallest * s / 4 / 100:,.0f}") for s in range(5)],
        xs,
        ys,
        "month",
    )
    seen = [
        _at(place[m], float(v), xs, ys)
        for m, v in past.select("month_start", "value_cents").iter_rows()
    ]
    low, middle, high = (
        [
            _at(place[m], float(v), xs, ys)
            for m, v in ahead.select("month_start", name).iter_rows()
        ]
        for name in ("p10_cents", "p50_cents", "p90_cents")
    )
    parts += [_line(seen, INK), _band(low, high, COLOURS[0])]
    parts.append(_line([*seen[-1:], *middle], COLOURS[0]))
    return _page(parts, f"{title}; blue: P10 to P90")


def _at(x: float, y: float, xs: tuple[float, float], ys: tuple[float, float]) -> Point:
    """Place a value inside the panel."""
    left, top, right, bottom = PANEL
    return (
        left + (x - xs[0]) / (xs[1] - xs[0]) * (right - left),
        bottom - (y - ys[0]) / (ys[1] - ys[0]) * (bottom - top),
    )


def _axes(
    x_marks: Sequence[tuple[float, str]],
    y_marks: Sequence[tuple[float, str]],
    xs: tuple[float, float],
    ys: tuple[float, float],
    x_title: str,
) -> list[str]:
    """Draw grid lines with their labels."""
    left, _, right, bottom = PANEL
    parts = []
    for value, label in y_marks:
        y = _at(xs[0], value, xs, ys)[1]
        parts.append(
            f'<line x1="{left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" '
            f'stroke="{GRID}"/><text x="{left - 4}" y="{y + 4:.1f}" '
            f'text-anchor="end">{escape(label)}</text>'
        )
    for value, label in x_marks:
        x = _at(value, ys[0], xs, ys)[0]
        parts.append(
            f'<text x="{x:.1f}" y="{bottom + 14}" text-anchor="middle">'
            f"{escape(label)}</text>"
        )
    parts.append(
        f'<text x="{right}" y="{bottom + 28}" text-anchor="end">{x_title}</text>'
    )
    return parts


def _line(points: Sequence[Point], colour: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _band(low: Sequence[Point], high: Sequence[Point], colour: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*low, *reversed(high)])
    return f'<polygon points="{path}" fill="{colour}" fill-opacity="0.15"/>'


def _page(parts: Sequence[str], caption: str) -> str:
    """Wrap drawn parts as one SVG document."""
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="11" fill="{INK}">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n{body}\n'
        f'<text x="{PANEL[0]}" y="{HEIGHT - 6}">{escape(caption)}</text>\n</svg>\n'
    )
