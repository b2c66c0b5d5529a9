"""A workbook people can work in: locked keys, lists, units, charts, nothing runs."""

import zipfile
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from data_contracts.errors import WorkbookError
from data_contracts.plan import COMPONENTS
from pipelines.publication import workbook
from pipelines.publication.sheets import LISTS, PASSPORT, SUMMARY
from pipelines.publication.workbook import write_workbook
from tests.pipelines.publication.books import content, paper, version


def test_there_is_one_sheet_for_each_component_and_a_summary(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(paper(tmp_path).path)
    components = ["Targets", "Capacity", "Hires", "Books", "Quotas", "Compensation"]
    assert book.sheetnames[:7] == [SUMMARY, *components]
    assert book.sheetnames[-2:] == [LISTS, PASSPORT]
    assert len(book.sheetnames) == len(COMPONENTS) + 3
    assert book[PASSPORT].sheet_state == "veryHidden"


@pytest.mark.slow
def test_only_the_columns_to_write_in_are_unlocked(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(paper(tmp_path).path)
    for page in book.worksheets[1:-2]:
        assert page.protection.sheet, page.title
        titles = {cell.column_letter: cell.value for cell in page[3]}
        unlocked = {
            titles[cell.column_letter] for cell in page[4] if not cell.protection.locked
        }
        assert unlocked == {
            title
            for title in titles.values()
            if title.startswith(("new", "why you")) or title == "lock book"
        }, page.title


def test_titles_of_money_carry_the_currency_and_cells_are_in_it(tmp_path: Path) -> None:
    page = openpyxl.load_workbook(paper(tmp_path).path)["Quotas"]
    titles = [cell.value for cell in page[3]]
    first = dict(zip(titles, [cell.value for cell in page[4]], strict=True))
    assert first["quota (USD)"] == 3000
    assert first["2026-11 (USD)"] == 1000
    assert first["potential a year (USD)"] == 300.03


def test_owners_are_chosen_from_the_reps_of_the_plan(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(paper(tmp_path).path)
    rules = {
        str(rule.sqref): rule for rule in book["Books"].data_validations.dataValidation
    }
    assert rules["E4:E7"].formula1 == f"{LISTS}!$A$1:$A$3"
    assert [row[0].value for row in book[LISTS].iter_rows()] == ["R1", "R2", "R9"]


def test_moves_and_edits_are_highlighted(tmp_path: Path) -> None:
    page = openpyxl.load_workbook(paper(tmp_path).path)["Books"]
    assert {str(where.sqref) for where in page.conditional_formatting} == {
        "E4:E7",
        "H4:H7",
    }


def test_the_summary_has_charts_and_what_changed(tmp_path: Path) -> None:
    made = paper(tmp_path)
    with zipfile.ZipFile(made.path) as packed:
        charts = [name for name in packed.namelist() if "charts/chart" in name]
    assert len(charts) == 2
    page = openpyxl.load_workbook(made.path)[SUMMARY]
    words = [cell.value for row in page.iter_rows() for cell in row if cell.value]
    assert "What it changes (1 lines)" in words
    assert 5000 in words  # the target of November


def test_text_that_looks_like_a_formula_stays_text(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(paper(tmp_path).path)
    kinds = {
        cell.data_type
        for page in book.worksheets
        for row in page.iter_rows()
        for cell in row
        if cell.value is not None
    }
    assert "f" not in kinds
    assert "=B1" in [cell.value for cell in book["Books"]["M"]]


def test_the_same_version_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one, two = (paper(tmp_path / name).path.read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_component_longer_than_a_sheet_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    with pytest.raises(WorkbookError, match="sheet Books would have 4 rows"):
        write_workbook(tmp_path / "x.xlsx", version(), content(), currency="USD")
    assert list(tmp_path.iterdir()) == []


def test_a_plan_without_lines_is_a_workbook_too(tmp_path: Path) -> None:
    empty: dict[str, pl.DataFrame] = {
        name: frame.clear() for name, frame in content().items()
    }
    made = write_workbook(tmp_path / "x.xlsx", version(), empty, currency="USD")
    assert set(made.rows.values()) == {0}
