"""Drawings: made of the rows, of nothing else, for both themes, once."""

import json
import multiprocessing
import xml.etree.ElementTree as ET
from datetime import date

import pytest

from pipelines.serving.web.charts import KINDS, Drawings, Theme, size_of, spec_of
from tests.pipelines.serving.web.conftest import SCRIPT, Browser

ROWS = [
    {
        "month_start": date(2026, month, 1),
        "plan_cents": 100_000,
        "actual_cents": 90_000 if month < 3 else None,
        "low_cents": 80_000,
        "middle_cents": 95_000,
        "high_cents": 120_000,
        "who": SCRIPT,
        "latitude": 48.0,
        "longitude": 11.0,
        "potential_cents": 5,
    }
    for month in (1, 2, 3)
]
OPTIONS = {
    "fan": {
        "plan": "plan",
        "actual": "actual",
        "low": "low",
        "middle": "middle",
        "high": "high",
    },
    "bars": {"label": "who", "value": "plan"},
    "lines": {"x": "month_start", "value": "plan", "by": "who"},
    "places": {"by": "who"},
}


@pytest.mark.parametrize("kind", list(OPTIONS))
def test_a_drawing_holds_its_rows_in_units_of_money(kind: str) -> None:
    spec = spec_of(kind, ROWS, OPTIONS[kind], Theme.LIGHT)
    values = json.dumps(spec)
    assert '"plan": 1000.0' in values
    assert "plan_cents" not in values
    assert '"url"' not in values


def test_every_kind_of_drawing_is_tried_here() -> None:
    assert {*OPTIONS, "steps"} == set(KINDS)


def test_a_bridge_begins_each_step_where_the_last_one_ended() -> None:
    lines = [
        ("base", 100, 100),
        ("demand", -30, 70),
        ("hiring", 5, 75),
        ("end", 75, 75),
    ]
    rows = [
        {
            "measure": measure,
            "driver": driver,
            "step_cents": 100 * step,
            "after_cents": 100 * after,
        }
        for measure in ("target", "quota")
        for driver, step, after in lines
    ]
    spec = spec_of("steps", rows, {"measure": "target"}, Theme.LIGHT)
    (bars,) = (
        spec["datasets"].values() if "datasets" in spec else [spec["data"]["values"]]
    )
    assert [(bar["from"], bar["to"]) for bar in bars] == [
        (0, 100),
        (100, 70),
        (70, 75),
        (0, 75),
    ]


def test_months_without_a_value_are_gaps_not_zeros() -> None:
    spec = spec_of("fan", ROWS, OPTIONS["fan"], Theme.LIGHT)
    (rows,) = (
        spec["datasets"].values() if "datasets" in spec else [spec["data"]["values"]]
    )
    assert [row["actual"] for row in rows] == [900.0, 900.0, None]


@pytest.mark.slow
def test_a_process_apart_draws_the_same_and_may_die() -> None:
    def spec() -> dict[str, object]:
        return spec_of("bars", ROWS, OPTIONS["bars"], Theme.LIGHT)

    drawings = Drawings()
    here = drawings.svg("here", spec)
    others = set(multiprocessing.active_children())
    drawings.draw_apart()
    try:
        assert drawings.svg("there", spec) == here
        (apart,) = set(multiprocessing.active_children()) - others
        apart.kill()
        apart.join(30)
        assert drawings.svg("after", spec) == here
    finally:
        drawings.close()
    assert set(multiprocessing.active_children()) <= others


BRIDGE = [
    {"measure": "plan", "driver": driver, "step_cents": 100, "after_cents": 100}
    for driver in ("base", "a driver of a name longer than most are", "end")
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "rows", "options"),
    [
        *((kind, ROWS, options) for kind, options in OPTIONS.items()),
        ("bars", ROWS, {"label": "month_start", "value": "plan", "by": "who"}),
        ("bars", ROWS * 40, {"label": "who", "value": "plan"}),
        ("steps", BRIDGE, {"measure": "plan"}),
    ],
)
def test_a_drawing_is_as_large_as_the_room_a_page_leaves_for_it(
    kind: str, rows: list[dict[str, object]], options: dict[str, str]
) -> None:
    svg = Drawings().svg("k", lambda: spec_of(kind, rows, options, Theme.LIGHT))
    image = ET.fromstring(svg)
    drawn = (float(image.attrib["width"]), float(image.attrib["height"]))
    assert drawn == size_of(kind, rows, options)


@pytest.mark.slow
@pytest.mark.parametrize("theme", list(Theme))
def test_an_image_is_svg_without_script_in_its_theme(theme: Theme) -> None:
    svg = Drawings().svg("k", lambda: spec_of("bars", ROWS, OPTIONS["bars"], theme))
    assert ET.fromstring(svg).tag.endswith("svg")
    assert "<script" not in svg
    assert ("#14181e" in svg) == (theme is Theme.DARK)


def test_a_drawing_is_made_once_and_the_longest_unseen_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[str] = []
    monkeypatch.setattr(
        "vl_convert.vegalite_to_svg",
        lambda spec, **_: made.append(spec["name"]) or spec["name"],
    )
    drawings = Drawings()
    for name in ("a", "a", "b", "a"):
        assert drawings.svg(name, lambda name=name: {"name": name}) == name
    assert made == ["a", "b"]
    for number in range(300):
        drawings.svg(str(number), lambda: {"name": "x"})
    drawings.svg("a", lambda: {"name": "a"})
    assert made.count("a") == 2


@pytest.mark.slow
def test_every_drawing_of_a_page_is_an_image_with_words_and_a_table(
    reading: Browser,
) -> None:
    ada = reading.become("ada@example.com")
    import re

    for route in ("/", "/plans/2", "/forecasts", "/quotas"):
        text = ada.get(route).text
        images = re.findall(r'<img src="([^"]+)" alt="([^"]{20,})"', text)
        assert images, route
        for source, _ in images:
            found = ada.get(source.replace("&amp;", "&"))
            assert found.headers["content-type"] == "image/svg+xml"
            assert "sandbox" in found.headers["content-security-policy"]
            name = re.search(r"draw=(\w+)", source)
            assert name
            section = text.split(f'<section id="{name.group(1)}"')[1]
            assert "<table>" in section.split("</section>")[0]
