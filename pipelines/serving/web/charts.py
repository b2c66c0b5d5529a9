"""Drawings of a section's rows: Altair says what, vl-convert turns it into SVG.

No script reaches the browser. A drawing is an image beside the table that holds the
same numbers; it is made once for a night, a visitor's rows and a theme.
"""

import os
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from enum import StrEnum
from multiprocessing import get_context
from typing import Any, Final

import altair as alt
import vl_convert

from pipelines.serving.web.keeping import Kept

Rows = Sequence[Mapping[str, Any]]
Spec = dict[str, Any]
Options = Mapping[str, str]

_KEPT: Final = 256  # drawings
_WIDTH: Final = 700  # pixels, with axes and legend
_BARS: Final = 60
_STEPS: Final = 100  # rows in which a bridge is looked for: those a page shows


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
        self._kept = Kept(_KEPT)
        self._apart: ProcessPoolExecutor | None = None

    def warm(self) -> None:
        """Draw something, once: the first drawing of a process reads libraries."""
        rows = [{"month_start": "2026-01-01", "value": 1.0}]
        options = {"x": "month_start", "value": "value"}
        self.svg("warm", lambda: spec_of("lines", rows, options, Theme.LIGHT))

    def draw_apart(self) -> None:
        """Draw in a process of its own from now on, until `close`.

        The engine lets no other thread of its process run while it draws: a map of
        600 places would hold up every page for a second.
        """
        self._apart = ProcessPoolExecutor(
            1, mp_context=get_context("spawn"), initializer=_step_back
        )

    def close(self) -> None:
        """End the process that draws, where there is one."""
        if self._apart is not None:
            self._apart.shutdown(cancel_futures=True)
            self._apart = None

    def svg(self, key: str, spec: Callable[[], Spec]) -> str:
        """Return the SVG of a key, drawn by `spec` where it is not kept."""
        return self._kept.get(key, lambda: self._drawn(spec()))

    def _drawn(self, spec: Spec) -> str:
        if self._apart is not None:
            try:
                return self._apart.submit(_svg, spec).result()
            except (BrokenExecutor, RuntimeError):  # it was killed, or is ending
                self._apart = None
        return _svg(spec)


def _svg(spec: Spec) -> str:
    found: str = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    return found


def _step_back() -> None:
    """Leave the processor to who answers pages, and signals to who started us."""
    os.nice(5)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


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
    width, height = size_of(kind, rows, options)
    drawn = (
        # the size is the whole image's, so that a page can leave room for it
        chart.properties(
            width=width,
            height=height,
            autosize=alt.AutoSizeParams(type="fit", contains="padding"),
        )
        .configure(background=_PAPER[theme], font="system-ui, sans-serif")
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


def size_of(kind: str, rows: Rows, options: Options) -> tuple[int, int]:
    """Return width and height of a drawing in pixels, without drawing it.

    Parameters
    ----------
    rows : sequence of mapping
        At least the first hundred rows of the section.
    """
    if kind == "bars":
        shown = rows[:_BARS]
        name, by = (options.get(one, "") for one in ("label", "by"))
        bars = len({row[name] for row in shown}) if name else len(shown)
        if not by:
            return _WIDTH, 50 + 22 * bars
        return _WIDTH, 80 + 16 * bars * len({row[by] for row in shown})
    if kind == "steps":
        bars = sum(row["measure"] == options["measure"] for row in rows[:_STEPS])
        return _WIDTH, 50 + 24 * bars
    return _WIDTH, 400 if kind == "places" else 270


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
    return alt.layer(*layers)


def bars(rows: Rows, options: Options, theme: Theme) -> Any:
    """One bar a row; options ``label`` and ``value`` name columns, ``by`` a colour."""
    names = _names(str(row[options["label"]]) for row in rows[:_BARS])
    encoding: dict[str, Any] = {
        "x": alt.X(f"{options['value']}:Q", title=None, axis=_MONEY),
        "y": alt.Y(f"{options['label']}:N", title=None, sort=None, axis=names),
    }
    if "by" in options:
        encoding["color"] = alt.Color(f"{options['by']}:N", title=None)
        encoding["yOffset"] = alt.YOffset(f"{options['by']}:N", sort=None)
    return (
        alt.Chart(alt.InlineData(values=list(rows[:_BARS])))
        .mark_bar(color=_SERIES[theme][0])
        .encode(**encoding)
    )


def lines(rows: Rows, options: Options, theme: Theme) -> Any:
    """One line a group; options ``x``, ``value``, ``by``; ``type`` is T or Q."""
    kind = options.get("type", "T")
    encoding: dict[str, Any] = {
        "x": alt.X(
            f"{options['x']}:{kind}", title=None, axis=_axis(options["x"], _AXIS[kind])
        ),
        "y": alt.Y(
            f"{options['value']}:Q", title=None, axis=_axis(options["value"], _MONEY)
        ),
    }
    if "by" in options:
        encoding["color"] = alt.Color(f"{options['by']}:N", title=None)
    return (
        alt.Chart(alt.InlineData(values=list(rows)))
        .mark_line(color=_SERIES[theme][0])
        .encode(**encoding)
    )


def _axis(column: str, other: alt.Axis) -> alt.Axis:
    """Return an axis in percent for a share, else another."""
    return alt.Axis(format=".0%", tickCount=6) if column.endswith("_share") else other


def steps(rows: Rows, options: Options, theme: Theme) -> Any:
    """Bars from where a step of a bridge begins to where it ends.

    Option ``measure`` says whose rows; the first and last are the bridge's ends.
    """
    mine = [row for row in rows[:_STEPS] if row["measure"] == options["measure"]]
    bars = [
        {
            "driver": row["driver"],
            "from": 0 if place in (0, len(mine) - 1) else row["after"] - row["step"],
            "to": row["after"],
        }
        for place, row in enumerate(mine)
    ]
    names = _names(bar["driver"] for bar in bars)
    return (
        alt.Chart(alt.InlineData(values=bars))
        .mark_bar(color=_SERIES[theme][0])
        .encode(
            y=alt.Y("driver:N", title=None, sort=None, axis=names),
            x=alt.X("from:Q", title=None, axis=_MONEY),
            x2="to:Q",
        )
    )


def _names(shown: Iterable[str]) -> alt.Axis:
    """Return an axis of names with room for them, 240 pixels at most."""
    # browsers draw names wider than they are measured here
    room = min(8 * max((len(name) for name in shown), default=0), 240)
    return alt.Axis(minExtent=room, labelLimit=max(room, 180))


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
    )


_AXIS: Final = {
    "T": alt.Axis(format="%b %y", labelOverlap=True),
    "Q": alt.Axis(format="~g"),
}
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
