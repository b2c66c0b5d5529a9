"""Draw the demo company's marginals against the norms, as SVG and a table."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from pipelines.demo.marginals import Marginal, attainment, marginals, sold
from pipelines.demo.months import DAYS_A_MONTH, SECONDS_A_DAY, day_number
from pipelines.demo.selling import NEW
from pipelines.demo.world import World
from pipelines.files import write_text

WIDTH: Final = 760
ROW: Final = 22
INK, BAND, DOT, OUT = "#1f2933", "#d9e2ec", "#0b6e99", "#c2410c"


def write_figures(
    world: World, folder: Path, others: Sequence[Sequence[Marginal]] = ()
) -> list[Path]:
    """Write ``demo_marginals.svg``, ``demo_shapes.svg`` and ``demo_marginals.md``.

    Parameters
    ----------
    world : World
        A company that has lived at least until its first night.
    folder : Path
        Where to; files are replaced whole.
    others : sequence of marginals, default none
        Those of other companies of the size, to tell chance from a fault.

    Returns
    -------
    list of Path
        The three files; the same company gives the same bytes.
    """
    found = marginals(world)
    files = {
        folder / "demo_marginals.svg": bands(found),
        folder / "demo_shapes.svg": shapes(world),
        folder / "demo_marginals.md": table(found, others),
    }
    for path, text in files.items():
        write_text(text, path)
    return list(files)


def table(found: Sequence[Marginal], others: Sequence[Sequence[Marginal]] = ()) -> str:
    """Return the marginals as a Markdown table.

    Parameters
    ----------
    found : sequence of Marginal
        Figures of the company shown.
    others : sequence of marginals, default none
        The same figures of other companies; with these the table tells mean, standard
        deviation, least and most over all of them.
    """
    every = np.array([[one.value for one in each] for each in (found, *others)])
    heads = ["Marginal", "Demo"]
    heads += ["Mean", "Spread", "Least", "Most"] if others else []
    heads += ["Norm from", "to", "Source", "Grade"]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for one, values in zip(found, every.T, strict=True):
        told = [one.value]
        if others:
            told += [values.mean(), values.std(ddof=1), values.min(), values.max()]
        cells = [one.name, *(f"{value:,.3g}" for value in told)]
        cells += [f"{one.low:,g}", f"{one.high:,g}", one.source, one.grade]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def bands(found: Sequence[Marginal]) -> str:
    """Draw each marginal as a dot on a line whose grey part is the norm's band."""
    parts = []
    left, right = 330, WIDTH - 90
    for row, one in enumerate(found):
        y = 30 + row * ROW
        span = one.high - one.low
        scale = (right - left) / (2 * span)
        dot = left + (one.value - one.low + span / 2) * scale
        dot = min(max(dot, left - 8), right + 8)
        colour = DOT if one.is_normal else OUT
        parts += [
            f'<text x="10" y="{y + 4}">{escape(one.name)}</text>',
            f'<rect x="{left + span / 2 * scale:.1f}" y="{y - 6}" '
            f'width="{span * scale:.1f}" height="12" fill="{BAND}"/>',
            f'<circle cx="{dot:.1f}" cy="{y}" r="5" fill="{colour}"/>',
            f'<text x="{right + 14}" y="{y + 4}">{one.value:,.3g}</text>',
        ]
    return _page(parts, 40 + len(found) * ROW, "grey: the norm's band; dot: the demo")


def shapes(world: World) -> str:
    """Draw the shapes of attainment, tenure, deal size, cycle and the year."""
    deals, rows = world.deals.rows, sold(world)
    new = rows[deals["kind"][rows] == NEW]
    took = (deals["ends"] - deals["created"])[new] / SECONDS_A_DAY
    spells, night = world.staff.spells, day_number(world.dates.first_night)
    here = (spells["start"] <= night) & (spells["end"] > night)
    tenure = (night - spells["start"][here]) / DAYS_A_MONTH
    month = world.months.of(deals["ends"][rows] // SECONDS_A_DAY)
    first = int(month.min())
    value = deals["amount_cents"][rows]
    booked = np.bincount(month - first, value, 12)[:12].astype(np.float64)
    size = np.log10(deals["amount_cents"][new] / 100)
    drawn = (
        ("attainment of ramped reps, 1 = quota", _counts(attainment(world), 0, 3)),
        ("tenure of people, months", _counts(tenure, 0, 96)),
        ("new deals, log10 of USD", _counts(size, 3, 6.5)),
        ("cycle of new deals won, days", _counts(took, 0, 400)),
        ("bookings by fiscal month", (booked, "1", "12")),
    )
    parts = []
    for place, (title, (heights, low, high)) in enumerate(drawn):
        x, y = 20 + place % 2 * 370, 30 + place // 2 * 160
        parts += _bars(title, heights, low, high, x=x, y=y)
    return _page(parts, 30 + 3 * 160, f"{world.size.name}, seed {world.seed}")


def _counts(
    values: NDArray[np.float64], low: float, high: float
) -> tuple[NDArray[np.float64], str, str]:
    counts, _ = np.histogram(np.clip(values, low, high), bins=28, range=(low, high))
    return counts.astype(np.float64), f"{low:g}", f"{high:g}"


def _bars(
    title: str, heights: NDArray[np.float64], low: str, high: str, *, x: int, y: int
) -> list[str]:
    width = 330 / len(heights)
    tallest = max(float(heights.max()), 1e-9)
    parts = [f'<text x="{x}" y="{y}">{escape(title)}</text>']
    for place, height in enumerate((heights / tallest * 100).tolist()):
        parts.append(
            f'<rect x="{x + place * width:.1f}" y="{y + 112 - height:.1f}" '
            f'width="{width - 1:.1f}" height="{height:.1f}" fill="{DOT}"/>'
        )
    parts.append(f'<text x="{x}" y="{y + 128}">{low}</text>')
    parts.append(f'<text x="{x + 330}" y="{y + 128}" text-anchor="end">{high}</text>')
    return parts


def _page(parts: Sequence[str], height: int, note: str) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height + 20}" '
        f'font-family="sans-serif" font-size="12" fill="{INK}">'
        f'<rect width="100%" height="100%" fill="white"/>'
    )
    foot = f'<text x="10" y="{height + 10}">{escape(note)}</text></svg>\n'
    return "\n".join([head, *parts, foot])
