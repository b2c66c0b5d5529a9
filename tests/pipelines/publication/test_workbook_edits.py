"""What comes back is what went out, but for edits; all else names its cell."""

import shutil
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.errors import WorkbookError
from pipelines.ledger.overrides import Ask
from pipelines.publication.sheets import plan_sheets
from pipelines.publication.workbook import write_workbook
from pipelines.publication.workbook_edits import read_edits
from tests.pipelines.publication.books import (
    FIRST,
    MONTHS,
    Paper,
    content,
    paper,
    version,
)


@pytest.fixture
def sheet(tmp_path: Path) -> Paper:
    return paper(tmp_path)


def test_a_workbook_nobody_wrote_into_asks_for_nothing(sheet: Paper) -> None:
    assert sheet.read().edits == ()
    assert sheet.write({}).read().edits == ()  # saved by another program


def test_every_kind_of_edit_comes_back_typed_with_its_reason(sheet: Paper) -> None:
    sheet.write(
        {
            "Books!E4": "R2",
            "Books!F4": " closer to it ",
            "Quotas!G4": 2500,
            "Quotas!H4": "Yes",
            "Quotas!I4": "half a year only",
            "Hires!E5": 2,
            "Hires!F5": "one more",
        }
    )
    found = sheet.read()
    assert found.version == 4
    assert [(e.ask, e.key, e.value, e.reason, e.place) for e in found.edits] == [
        (Ask.HIRES, ("smb", "ae", MONTHS[1]), 2, "one more", "Hires!E5"),
        (Ask.ACCOUNT_OWNER, ("A1", FIRST), "R2", "closer to it", "Books!E4"),
        (Ask.QUOTA, ("R1",), 250000, "half a year only", "Quotas!G4"),
        (Ask.LOCKED_BOOK, ("R1",), "yes", "half a year only", "Quotas!H4"),
    ]


def test_rows_may_be_sorted(sheet: Paper) -> None:
    book = openpyxl.load_workbook(sheet.path)
    page = book["Books"]
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=4)]
    for number, values in enumerate(reversed(rows), start=4):
        for place, value in enumerate(values, start=1):
            cell = page.cell(number, place)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"  # as a spreadsheet program keeps it
    book.save(sheet.path)
    assert sheet.read().edits == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"Books!E4": "=A5", "Books!F4": "x"}, "Books!E4: it holds a formula"),
        ({"Quotas!G4": "=1+1", "Quotas!I4": "x"}, "Quotas!G4: it holds a formula"),
        ({"Books!I4": "=SUM(1,2)"}, "Books!I4: it holds a formula"),
        ({"Hires!E5": "=1"}, "Hires!E5: it holds a formula"),
        ({"Quotas!G4": "#DIV/0!", "Quotas!I4": "x"}, "Quotas!G4: it holds the error"),
        ({"Quotas!G4": "much", "Quotas!I4": "x"}, "Quotas!G4: 'much' is not an amount"),
        ({"Quotas!G4": True, "Quotas!I4": "x"}, "Quotas!G4: True is not an amount"),
        ({"Quotas!G4": -1, "Quotas!I4": "x"}, "Quotas!G4: -1 is no amount from 0"),
        ({"Quotas!G4": 1e15, "Quotas!I4": "x"}, "is no amount from 0"),
        ({"Quotas!G4": 0.001, "Quotas!I4": "x"}, "has parts of a cent"),
        ({"Quotas!G4": date(2026, 1, 1), "Quotas!I4": "x"}, "is not an amount"),
        ({"Quotas!H4": "no", "Quotas!I4": "x"}, "Quotas!H4: 'no' is not yes"),
        ({"Hires!E5": 1.5, "Hires!F5": "x"}, "Hires!E5: 1.5 is not a whole number"),
        ({"Hires!E5": 10**6, "Hires!F5": "x"}, "is not a whole number of people"),
        ({"Books!E4": 7, "Books!F4": "x"}, "Books!E4: 7 is not an id"),
        ({"Books!E4": "R2"}, "Books!F4: say why, beside every change"),
        ({"Books!F4": "because"}, "Books!F4: a reason without a change"),
        ({"Books!E4": "R2", "Books!F4": 7}, "Books!F4: 7 is no reason in words"),
        ({"Books!D4": "R2"}, "Books!D4: a locked cell was changed from R1"),
        ({"Books!I4": 5}, "Books!I4: a locked cell was changed from 100.01"),
        ({"Targets!E4": 1}, "Targets!E4: a locked cell was changed from 5000.0"),
        ({"Books!A4": "A9"}, "Books!A4: A9, 2026-11-01 is not a row of this plan"),
        ({"Books!A5": "A1"}, "Books!A5: A1, 2026-11-01 is there twice"),
        ({"Books!E3": "owner"}, "Books!E3: the title must be 'new owner'"),
        ({"Books!A9": "A8"}, "Books!A9: A8, nothing is not a row of this plan"),
    ],
)
def test_what_cannot_be_taken_over_names_its_cell(
    sheet: Paper, cells: dict[str, Any], told: str
) -> None:
    with pytest.raises(WorkbookError) as refused:
        sheet.write(cells).read()
    assert told in refused.value.what
    assert "nothing was stored" in refused.value.fix


def test_a_deleted_row_is_named_by_the_cell_it_had(sheet: Paper) -> None:
    with pytest.raises(WorkbookError, match=r"Books!A5: A2, 2026-11-01 is gone"):
        sheet.delete_row("Books", 5).read()


def test_a_deleted_sheet_is_missed(sheet: Paper) -> None:
    book = openpyxl.load_workbook(sheet.path)
    del book["Hires"]
    book.save(sheet.path)
    with pytest.raises(WorkbookError, match="Hires!A1: the sheet is gone"):
        sheet.read()


def test_every_fault_is_told_at_once_and_the_rest_counted(sheet: Paper) -> None:
    wrong = {f"Quotas!{column}4": 1 for column in "ABCDEFJK"}
    wrong |= {f"Targets!{column}{row}": "?" for column in "ABCDEF" for row in (4, 5)}
    with pytest.raises(WorkbookError) as refused:
        sheet.write(wrong).read()
    lines = refused.value.what.splitlines()
    assert "cell(s) are at fault" in lines[0]
    assert len(lines) <= 22


@pytest.mark.slow
def test_thousands_of_edits_come_back_and_one_wrong_one_refuses_them_all(
    tmp_path: Path,
) -> None:
    n = 2500
    many = content()
    first = many["assignment"].head(1).drop("account_id")
    names = pl.DataFrame({"account_id": [f"A{i:05d}" for i in range(n)]})
    many["assignment"] = names.join(first, how="cross").select(
        many["assignment"].columns
    )
    path = tmp_path / "many.xlsx"
    write_workbook(path, version(), many, currency="USD")
    cells = {f"Books!E{row}": "R2" for row in range(4, n + 4)}
    cells |= {f"Books!F{row}": f"reason {row}" for row in range(4, n + 4)}
    book = Paper(path).write(cells)

    def read() -> Any:
        return read_edits(
            path, content_of=lambda _number, _sealed: many, currency="USD"
        )

    assert len(read().edits) == n
    book.write({"Books!E1200": 7})
    with pytest.raises(WorkbookError, match=r"Books!E1200: 7 is not an id"):
        read()


def foreign(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "hello"
    book.save(path)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.write_bytes(b"no workbook at all"), "is not a workbook"),
        (lambda path: path.write_bytes(path.read_bytes()[:3000]), "is not a workbook"),
        (foreign, "is no workbook of a plan"),
        (lambda path: path.unlink(), "cannot be read"),
    ],
)
def test_another_file_is_refused(
    sheet: Paper, spoil: Callable[[Path], Any], told: str
) -> None:
    spoil(sheet.path)
    with pytest.raises(WorkbookError, match=told):
        sheet.read()


def test_what_unpacks_to_too_much_is_refused(
    sheet: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.publication.workbook_edits.LARGEST_BYTES", 1000)
    with pytest.raises(WorkbookError, match="more than any plan's"):
        sheet.read()


OPEN = {"Hires": ("E", "F"), "Books": ("E", "F"), "Quotas": ("G", "H", "I")}
SHEETS = {each.name: each for each in plan_sheets(content(), "USD")}
CELLS = [
    (name, "ABCDEFGHIJKLMNOP"[place], row)
    for name, each in SHEETS.items()
    for place in range(len(each.columns))
    for row in range(1, each.rows.height + 5)
]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**16),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.dates(date(1990, 1, 1), date(2050, 1, 1)),
    st.sampled_from(
        ["R1", "R2", "yes", "", " ", "=1+1", "=HYPERLINK(1)", "#REF!", "A1"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=20),
)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(st.dictionaries(st.sampled_from(CELLS), VALUES, min_size=1, max_size=4))
def test_whatever_is_written_is_an_edit_with_a_reason_or_names_its_cell(
    written: dict[tuple[str, str, int], Any],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        if not PRISTINE:
            PRISTINE.append(paper(Path(tempfile.mkdtemp())).path)
        path = Path(shutil.copy(PRISTINE[0], folder))
        cells = {
            f"{name}!{column}{row}": v for (name, column, row), v in written.items()
        }
        try:
            found = Paper(path).write(cells).read()
        except WorkbookError as refused:
            told = refused.what
            assert any(name in told for name in (f"{s}!" for s, _, _ in written))
            return
    for edit in found.edits:
        assert edit.place in cells
        assert edit.reason
        assert not str(edit.value).startswith("=")


PRISTINE: list[Path] = []


def test_the_version_is_asked_for_with_its_hash(sheet: Paper) -> None:
    asked = []

    def content_of(number: int, sealed: str) -> Any:
        asked.append((number, len(sealed)))
        return content()

    read_edits(sheet.path, content_of=content_of, currency="USD")
    assert asked == [(4, 64)]
