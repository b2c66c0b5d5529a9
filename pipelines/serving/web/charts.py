"""Drawings of a section's rows: Altair says what, vl-convert turns it into SVG.

No script reaches the browser. A drawing is an image beside the table that holds the
same numbers; it is made once for a night, a visitor's rows and a theme.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import altair as alt
import vl_convert

Rows = Sequence[Mapping[str, Any]]
Spec = dict[str, Any]
Options = Mapping[str, str]

_KEPT: Final = 256  # drawings
_WIDTH: Final = 640


class Theme(StrEnum):
    """Paper or night; also what a printer gets (light)."""

    LIGHT = "light"
    DARK = "dark"


_INK: Final = {Theme.LIGHT: "#1c2430", Theme.DARK: "#e6eaf0"}
_SOFT: Final = {Theme.LIGHT: "#4f5a69", Theme.DARK: "#a9b3c0"}
_PAPER: Final = {Theme.LIGHT: "#ffffff", Theme.DARK: "#14181e"}
_LINE: Final = {Theme.LIGHT: "#d9dee5", Theme.DARK: "#333c48"}
# Okabe and Ito's colours, told apart by most colour-blind readers
_SERIES: Final = {
    Theme.LIGHT: ["#0072b2", "#d55e00", "#007a5a", "#a8518a", "#8a6d00", "#3d6e8f"],
    Theme.DARK: ["#56b4e9", "#f0926f", "#3fc79a", "#dc94bf", "#e6c84f", "#8fb8d4"],
}


class Drawings:
    """Render drawings and keep the latest; safe from many threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def warm(self) -> None:
        """Draw something, once: the first drawing of a process reads libraries."""
        rows = [{"month_start": "2026-01-01", "value": 1.0}]
        options = {"x": "month_start", "value": "value"}
        self.svg("warm", lambda: spec_of("lines", rows, options, Theme.LIGHT))

    def svg(self, key: str, spec: Callable[[], Spec]) -> str:
        """Return the SVG of a key, drawn by `spec` where it is not kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            # inside the lock: two people who open a page at once wait for one drawing
            found = vl_convert.vegalite_to_svg(spec(), allowed_base_urls=[])
            self._kept[key] = found
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return found


def spec_of(kind: str, rows: Rows, options: Options, theme: Theme) -> Spec:
    """Return the Vega-Lite specification of a drawing.

    Parameters
    ----------
    kind : str
        A name in `KINDS`.
    rows : sequence of mapping
        As the section's table has them; cents become units of money.
    options : mapping
        Names of the columns to draw; see each function.
    """
    chart = KINDS[kind]([_units(row) for row in rows], options, theme)
    drawn = (
        chart.configure(background=_PAPER[theme], font="system-ui, sans-serif")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=_SOFT[theme],
            titleColor=_SOFT[theme],
            gridColor=_LINE[theme],
            domainColor=_LINE[theme],
            tickColor=_LINE[theme],
            labelFontSize=12,
            titleFontSize=12,
        )
        .configure_legend(
            labelColor=_INK[theme],
            titleColor=_SOFT[theme],
            orient="top",
            labelFontSize=12,
        )
        .configure_range(category=_SERIES[theme])
    )
    spec: Spec = drawn.to_dict()
    return spec


def fan(rows: Rows, options: Options, theme: Theme) -> Any:
    """Plan, actual and the forecast's 10th to 90th percentile by month.

    Options ``plan``, ``actual``, ``low``, ``middle``, ``high`` name columns.
    """
    chart = alt.Chart(alt.InlineData(values=list(rows)))
    month = alt.X("month_start:T", title=None, axis=alt.Axis(format="%b %y"))
    colours = _SERIES[theme]
    layers: list[alt.Chart] = []
    if "low" in options:
        layers.append(
            chart.mark_area(opacity=0.25, color=colours[0]).encode(
                x=month,
                y=alt.Y(f"{options['low']}:Q", title=None, axis=_MONEY),
                y2=f"{options['high']}:Q",
            )
        )
        layers.append(
            chart.mark_line(color=colours[0], strokeDash=[5, 3]).encode(
                x=month, y=f"{options['middle']}:Q"
            )
        )
    if "plan" in options:
        layers.append(
            chart.mark_line(
                color=_SOFT[theme], interpolate="step-after", strokeWidth=2
            ).encode(x=month, y=alt.Y(f"{options['plan']}:Q", title=None, axis=_MONEY))
        )
    if "actual" in options:
        layers.append(
            chart.mark_line(
                color=colours[1], point=alt.OverlayMarkDef(color=colours[1])
            ).encode(
                x=month, y=alt.Y(f"{options['actual']}:Q", title=None, axis=_MONEY)
            )
        )
    return alt.layer(*layers).properties(width=_WIDTH, height=220)


def bars(rows: Rows, options: Options, theme: Theme) -> Any:
    """One bar a row; options ``label`` and ``value`` name columns, ``by`` a colour."""
    encoding: dict[str, Any] = {
        "x": alt.X(f"{options['value']}:Q", title=None, axis=_MONEY),
        "y": alt.Y(f"{options['label']}:N", title=None, sort=None),
    }
    if "by" in options:
        encoding["color"] = alt.Color(f"{options['by']}:N", title=None)
        encoding["yOffset"] = alt.YOffset(f"{options['by']}:N", sort=None)
    return (
        alt.Chart(alt.InlineData(values=list(rows[:60])))
        .mark_bar(color=_SERIES[theme][0])
        .encode(**encoding)
        .properties(width=_WIDTH - 120)
    )


def lines(rows: Rows, options: Options, theme: Theme) -> Any:
    """One line a group; options ``x``, ``value``, ``by``; ``type`` is T or Q."""
    kind = options.get("type", "T")
    encoding: dict[str, Any] = {
        "x": alt.X(f"{options['x']}:{kind}", title=None, axis=_AXIS[kind]),
        "y": alt.Y(f"{options['value']}:Q", title=None, axis=_MONEY),
    }
    if "by" in options:
        encoding["color"] = alt.Color(f"{options['by']}:N", title=None)
    return (
        alt.Chart(alt.InlineData(values=list(rows)))
        .mark_line(color=_SERIES[theme][0])
        .encode(**encoding)
        .properties(width=_WIDTH, height=220)
    )


def steps(rows: Rows, options: Options, theme: Theme) -> Any:
    """Bars from where a step of a bridge begins to where it ends.

    Option ``measure`` says whose rows; the first and last are the bridge's ends.
    """
    mine = [row for row in rows if row["measure"] == options["measure"]]
    bars = [
        {
            "driver": row["driver"],
            "from": 0 if place in (0, len(mine) - 1) else row["after"] - row["step"],
            "to": row["after"],
        }
        for place, row in enumerate(mine)
    ]
    # browsers draw names wider than they are measured here
    room = 8 * max((len(bar["driver"]) for bar in bars), default=0)
    names = alt.Axis(minExtent=room, labelLimit=max(room, 180))
    return (
        alt.Chart(alt.InlineData(values=bars))
        .mark_bar(color=_SERIES[theme][0])
        .encode(
            y=alt.Y("driver:N", title=None, sort=None, axis=names),
            x=alt.X("from:Q", title=None, axis=_MONEY),
            x2="to:Q",
        )
        .properties(width=_WIDTH - 120)
    )


def places(rows: Rows, options: Options, theme: Theme) -> Any:
    """Accounts where they are, larger with potential; option ``by`` is a colour."""
    return (
        alt.Chart(alt.InlineData(values=[row for row in rows if _is_placed(row)]))
        .mark_circle(opacity=0.75, color=_SERIES[theme][0])
        .encode(
            x=alt.X("longitude:Q", title="longitude", scale=alt.Scale(zero=False)),
            y=alt.Y("latitude:Q", title="latitude", scale=alt.Scale(zero=False)),
            size=alt.Size("potential:Q", legend=None),
            color=alt.Color(f"{options['by']}:N", title=None),
        )
        .properties(width=_WIDTH, height=340)
    )


_AXIS: Final = {"T": alt.Axis(format="%b %y"), "Q": alt.Axis(format="~g")}
_MONEY: Final = alt.Axis(format="~s", tickCount=6, labelOverlap=True)

KINDS: Final[dict[str, Callable[[Rows, Options, Theme], Any]]] = {
    "fan": fan,
    "bars": bars,
    "lines": lines,
    "places": places,
    "steps": steps,
}


def _units(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with money in units and dates as text."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name.endswith("_cents"):
            found[name.removesuffix("_cents")] = None if value is None else value / 100
        elif hasattr(value, "isoformat"):
            found[name] = value.isoformat()
        elif isinstance(value, str | int | float | bool) or value is None:
            found[name] = value
        else:
            found[name] = float(value)
    return found


def _is_placed(row: Mapping[str, Any]) -> bool:
    return row["latitude"] is not None and row["longitude"] is not None
