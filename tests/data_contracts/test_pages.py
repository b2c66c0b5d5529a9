"""The pages on contracts are what the contracts say today."""

from pathlib import Path

import pytest

from data_contracts.contract import all_contracts, contract
from data_contracts.pages import main, page, pages

FOLDER = Path(__file__).parents[2] / "docs" / "contracts"


def test_the_pages_in_the_documents_are_current() -> None:
    written = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")}
    stale = {name for name, text in pages().items() if written.get(name) != text}
    assert (stale, written.keys() - pages().keys()) == (set(), set()), (
        "make them anew: python -m data_contracts.pages docs/contracts"
    )


def test_a_page_says_all_that_its_contract_promises() -> None:
    for one in all_contracts():
        told = page(one)
        for column in one.columns:
            assert f"`{column.name}`" in told
            assert " ".join(column.description.split()).replace("|", "\\|") in told
            assert column.unit.replace("|", "\\|") in told
        for rule in (*one.row_rules, *one.table_rules):
            assert rule.description in told
        assert one.grain in told
        assert one.description.limitations in told
        assert f"late after {one.late_after_days} days" in told


def test_pay_and_people_are_marked_on_the_page() -> None:
    told = page(contract("hris-compensation"))
    assert any("`base`" in line and "| pay |" in line for line in told.splitlines())


def test_the_command_writes_every_page_and_drops_what_is_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 0
    first = next(iter(sorted(tmp_path.iterdir())))
    gone, ours = tmp_path / "crm-gone.md", tmp_path / "notes.md"
    gone.write_text(first.read_text("utf-8"), encoding="utf-8")
    ours.write_text("kept by hand", encoding="utf-8")
    assert main([str(tmp_path)]) == 0
    assert not gone.exists()
    assert ours.exists()
    assert f"{len(pages())} pages" in capsys.readouterr().out
    assert main([]) == 2
