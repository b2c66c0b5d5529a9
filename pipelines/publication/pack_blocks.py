"""What a review pack is made of: headed blocks of words, rows and one drawing each."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH: Final = 720  # of a drawing, in pixels
_INK, _MUTED, _GOOD, _BAD, _BAND = "#1f2933", "#7b8794", "#2f7d4f", "#b3372b", "#cfd8e3"


@dataclass(frozen=True, slots=True)
class Drawing:
    """Inside of an SVG of `WIDTH` by `height`, and what it shows in words."""

    svg: str
    height: int
    told: str


@dataclass(frozen=True, slots=True)
class Block:
    """One section of a pack; `rows` are texts, all as long as `titles`."""

    heading: str
    words: str
    titles: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    drawing: Drawing | None = None


def fan(
    months: Sequence[str],
    plan: Sequence[float],
    actual: Sequence[float | None],
    band: Sequence[tuple[float, float, float] | None],
) -> Drawing:
    """Draw plan as a line, actuals as bars and the forecast's P10 to P90 as a band.

    Parameters
    ----------
    months : sequence of str
        Names under the axis.
    plan, actual, band : sequences as long as `months`
        Any one unit; None where there is nothing. `band` is P10, P50, P90.
    """
    height, bottom = 190, 160
    tops = [*plan, *(a for a in actual if a), *(b[2] for b in band if b)]
    top = max([1.0, *tops])
    step = WIDTH / max(len(months), 1)

    def y(value: float) -> float:
        return bottom - max(value, 0.0) / top * (bottom - 14)

    parts = [
        f'<line x1="0" y1="{bottom}" x2="{WIDTH}" y2="{bottom}" stroke="{_MUTED}"/>'
    ]
    for place, name in enumerate(months):
        left, middle = place * step, (place + 0.5) * step
        made, likely = actual[place], band[place]
        if likely:
            low, half, high = (y(value) for value in likely)
            parts.append(
                f'<rect x="{left + 6:.1f}" y="{high:.1f}" width="{step - 12:.1f}" '
                f'height="{max(low - high, 1):.1f}" fill="{_BAND}"/>'
                f'<line x1="{left + 6:.1f}" y1="{half:.1f}" x2="{left + step - 6:.1f}" '
                f'y2="{half:.1f}" stroke="{_INK}" stroke-dasharray="4 3"/>'
            )
        if made is not None:
            tone = _GOOD if made >= plan[place] else _BAD
            parts.append(
                f'<rect x="{left + 10:.1f}" y="{y(made):.1f}" width="{step - 20:.1f}" '
                f'height="{bottom - y(made):.1f}" fill="{tone}"/>'
            )
        parts.append(
            f'<line x1="{left + 2:.1f}" y1="{y(plan[place]):.1f}" '
            f'x2="{left + step - 2:.1f}" y2="{y(plan[place]):.1f}" stroke="{_INK}" '
            'stroke-width="2.5"/>'
            f'<text x="{middle:.1f}" y="{bottom + 16}" text-anchor="middle" '
            f'font-size="11" fill="{_INK}">{escape(name)}</text>'
        )
    told = "line: plan; bar: actual; band: forecast P10 to P90, dashes P50"
    return Drawing("".join(parts), height, told)


def waterfall(steps: Sequence[tuple[str, float]], start: float) -> Drawing:
    """Draw how causes lead from plan to actual; `start` is the plan.

    Parameters
    ----------
    steps : sequence of name and amount
        Signed, in order; they end at what was reached.
    """
    names = ["plan", *(name for name, _ in steps), "actual"]
    level, spans = start, [(0.0, start)]
    for _, amount in steps:
        spans.append((level, level + amount))
        level += amount
    spans.append((0.0, level))
    marks = [mark for span in spans[1:-1] for mark in span] or [start, level]
    low = min(*marks, start, level)
    floor = max(low - 0.15 * (max(*marks, start, level) - low), 0.0)
    top = max(*marks, start, level, floor + 1.0)
    height, bottom = 190, 160
    step = WIDTH / len(names)

    def y(value: float) -> float:
        share = (max(value, floor) - floor) / (top - floor)
        return bottom - share * (bottom - 14)

    parts = [
        f'<line x1="0" y1="{bottom}" x2="{WIDTH}" y2="{bottom}" stroke="{_MUTED}"/>'
    ]
    for place, (name, (begin, end)) in enumerate(zip(names, spans, strict=True)):
        is_whole = place in (0, len(names) - 1)
        tone = _MUTED if is_whole else (_GOOD if end >= begin else _BAD)
        upper, lower = y(max(begin, end)), y(min(begin, end))
        parts.append(
            f'<rect x="{place * step + 8:.1f}" y="{upper:.1f}" '
            f'width="{step - 16:.1f}" height="{max(lower - upper, 1):.1f}" '
            f'fill="{tone}"/><text x="{(place + 0.5) * step:.1f}" y="{bottom + 16}" '
            f'text-anchor="middle" font-size="11" fill="{_INK}">{escape(name)}</text>'
        )
    return Drawing("".join(parts), height, "from plan to actual, cause by cause")
