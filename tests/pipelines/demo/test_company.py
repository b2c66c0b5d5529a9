"""The demo company on disk: same bytes, only appending, nothing half written."""

import itertools
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from data_contracts.errors import HomeError, PolicyError
from pipelines.demo import company
from pipelines.demo.company import Style, demo_dates, write_company

DAYS = demo_dates()


def bytes_under(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the guided demo's first night, as seed 3."""
    folder = tmp_path_factory.mktemp("written")
    write_company(folder / "landing", folder / "truth", seed=3)
    return folder


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, written: Path) -> None:
    write_company(tmp_path / "landing", tmp_path / "truth", seed=3)
    assert bytes_under(tmp_path) == bytes_under(written)


@pytest.mark.slow
def test_another_seed_gives_another_company(tmp_path: Path, written: Path) -> None:
    write_company(tmp_path / "landing", tmp_path / "truth", seed=2)
    assert set(bytes_under(tmp_path)) == set(bytes_under(written))
    assert bytes_under(tmp_path) != bytes_under(written)


@pytest.mark.slow
def test_a_later_as_of_only_adds_nights(tmp_path: Path, written: Path) -> None:
    until = DAYS.after_leaver_night
    write_company(tmp_path / "late", tmp_path / "truth", seed=3, as_of=until)
    before, after = bytes_under(written / "landing"), bytes_under(tmp_path / "late")
    assert set(before) < set(after)
    assert {name: after[name] for name in before} == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "style",
    [
        Style(layout="vendor", packing="zstd", delivery="changes", history="fields"),
        Style(file="parquet"),
    ],
    ids=str,
)
def test_a_restless_company_only_grows_by_nights_and_repeats_its_bytes(
    tmp_path: Path, style: Style
) -> None:
    days = demo_dates(size="small")
    for name, until in (
        ("early", days.first_night),
        ("late", days.leaver_night),
        ("again", days.leaver_night),
    ):
        write_company(
            tmp_path / name, tmp_path / f"{name}_truth", size="small", as_of=until,
            style=style,
        )  # fmt: skip
    before, after = bytes_under(tmp_path / "early"), bytes_under(tmp_path / "late")
    assert set(before) < set(after)
    assert {name: after[name] for name in before} == before
    assert bytes_under(tmp_path / "again") == after
    told = bytes_under(tmp_path / "late_truth")
    assert bytes_under(tmp_path / "again_truth") == told


def test_landing_holds_no_truth(written: Path) -> None:
    assert not [name for name in bytes_under(written / "landing") if "truth" in name]
    assert {path.stem for path in (written / "truth").iterdir()} >= {
        "ramp", "reps", "potential", "events",
    }  # fmt: skip


def test_an_interrupted_night_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = company.extracts

    def stopping(
        *arguments: object, **named: object
    ) -> Iterator[tuple[str, pl.DataFrame]]:
        yield from itertools.islice(whole(*arguments, **named), 5)
        raise KeyboardInterrupt

    monkeypatch.setattr(company, "extracts", stopping)
    with pytest.raises(KeyboardInterrupt):
        write_company(tmp_path / "landing", tmp_path / "truth")
    assert bytes_under(tmp_path) == {}


def test_an_unknown_size_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="'enormous' does not exist"):
        write_company(tmp_path / "landing", tmp_path / "truth", size="enormous")
    assert list(tmp_path.iterdir()) == []


def test_dates_out_of_order_are_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    landing, truth = tmp_path / "landing", tmp_path / "truth"
    with pytest.raises(HomeError, match="before the company's first day"):
        write_company(landing, truth, as_of=date(2023, 1, 1))
    with pytest.raises(HomeError, match="is not between"):
        write_company(landing, truth, nights=[DAYS.leaver_night])
    assert list(tmp_path.iterdir()) == []


def test_the_story_is_in_order_for_any_first_day() -> None:
    for month, day in itertools.product(range(1, 13), (1, 28)):
        days = demo_dates(first_day=date(2023, month, day))
        assert days.first_day < days.first_night < days.plan_year_start
        assert days.left_on < days.leaver_night < days.after_leaver_night
        assert days.plan_year_start < days.launch_planned_on < days.after_leaver_night
        assert days.left_on.weekday() < 5
        assert (days.plan_year_start.month, days.plan_year_start.day) == (2, 1)
