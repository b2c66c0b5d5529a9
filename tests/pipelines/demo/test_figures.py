"""Figures: drawn by one command, the same bytes for the same company."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from pipelines.demo.__main__ import main
from pipelines.demo.figures import bands, table
from pipelines.demo.marginals import Marginal


@pytest.mark.slow
def test_the_command_draws_three_files_twice_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two"):
        assert main([str(tmp_path / name), "--size", "tiny", "--seed", "1"]) == 0
    drawn = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    again = {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}
    assert drawn == again
    assert set(drawn) == {
        "demo_marginals.svg", "demo_shapes.svg", "demo_marginals.md",
    }  # fmt: skip
    assert capsys.readouterr().out.count("demo_") == 6


def test_an_unknown_size_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), "--size", "vast"]) == 1
    assert "demo size 'vast' does not exist" in capsys.readouterr().err


def test_a_figure_outside_its_band_is_drawn_apart_and_stays_on_the_page() -> None:
    odd = Marginal("far <out>", 100.0, 0.0, 1.0, "nobody", "C")
    fine = Marginal("fine", 0.5, 0.0, 1.0, "nobody", "C")
    assert not odd.is_normal
    assert fine.is_normal
    tree = ElementTree.fromstring(bands([odd, fine]))
    dots = tree.findall("{http://www.w3.org/2000/svg}circle")
    assert dots[0].get("fill") != dots[1].get("fill")
    assert all(float(dot.get("cx", "0")) < 760 for dot in dots)
    assert "| far <out> | 100 | 0 | 1 | nobody | C |" in table([odd])


def test_the_table_tells_the_spread_over_other_companies() -> None:
    one, two, three = (
        [Marginal("days", value, 0.0, 9.0, "nobody", "B")] for value in (2.0, 4.0, 6.0)
    )
    # mean 4, standard deviation 2
    assert "| days | 2 | 4 | 2 | 2 | 6 | 0 | 9 | nobody | B |" in table(
        one, [two, three]
    )


@pytest.mark.slow
def test_the_documented_table_is_what_the_code_gives(tmp_path: Path) -> None:
    assert main([str(tmp_path), "--size", "medium", "--spread", "11"]) == 0
    shown = Path(__file__).parents[3] / "docs" / "methods" / "figures"
    name = "demo_marginals.md"
    assert (tmp_path / name).read_text() == (shown / name).read_text()
