"""A file can be held to its contract before it is loaded."""

import json

import pytest

from data_contracts.errors import ContractError
from pipelines.ingestion.check import check_file

GOOD = "user_id,name,shoe_size\nu1,Ada,38\nu2,,40\nu2,Bo,41\nu2,Bo,41\n"


def test_a_report_counts_rows_and_shows_the_first_of_each_fault(deliver, home) -> None:
    report = check_file(deliver("crm-users", GOOD), home)
    assert (report.contract, report.is_refused) == ("crm-users", False)
    assert (report.rows, report.good) == (4, 2)
    assert (report.quarantined, report.duplicates) == (1, 1)
    assert report.findings[0].rule == "required"
    assert report.findings[0].lines == (3,)
    assert report.unknown_columns == ("shoe_size",)
    assert "manager_id" in report.absent_columns
    assert "1 × name: required on line 3" in report.text()
    assert json.loads(json.dumps(report.as_dict()))["rows"] == 4


def test_nothing_is_loaded(deliver, home) -> None:
    check_file(deliver("crm-users", GOOD), home)
    assert not home.raw.exists()
    assert not home.quarantine.exists()


def test_a_refusal_is_in_the_report_with_the_way_out(deliver, home) -> None:
    report = check_file(deliver("crm-users", "id,name\n1,Ada\n"), home)
    assert report.is_refused
    assert "lacks column user_id" in str(report.reason)
    assert "Fix:" in report.text()


@pytest.mark.slow
def test_a_file_from_elsewhere_needs_its_contract_named(tmp_path, home) -> None:
    path = tmp_path / "export.csv"
    path.write_text("territory_id,user_id,segment\nt1,u1,smb\n")
    with pytest.raises(ContractError, match="nothing tells which contract") as told:
        check_file(path, home)
    assert "it looks like crm-territories as it is" in told.value.what
    assert "but lacks name" in told.value.what
    assert check_file(path, home, "crm-territories").is_refused
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ContractError, match=r"csv is for\n"):
        check_file(path, home)


@pytest.mark.slow
def test_an_unlabelled_export_is_recognised_and_how_is_said(tmp_path, home) -> None:
    path = tmp_path / "report1.csv"
    path.write_text(
        "Id,Name,OwnerId,NumberOfEmployees,CreatedDate\n"
        "001A,Acme,005A,12,2024-01-01\n001B,Bolt,005A,twelve,2024-01-01\n"
    )
    report = check_file(path, home)
    assert (report.contract, report.good, report.quarantined) == ("crm-accounts", 1, 1)
    assert report.findings[0].values == ("twelve",)
    assert "through mapping salesforce" in report.notes[0]
    assert "name mapping: salesforce in sources.yaml" in report.notes[0]


@pytest.mark.slow
def test_of_a_file_that_is_mostly_bad_every_row_is_told(tmp_path, home) -> None:
    path = tmp_path / "users.csv"
    path.write_text("user_id,name\nu1,\nu2,\nu3,Ada\n")
    report = check_file(path, home, "crm-users")
    assert report.is_refused
    assert "2 of 3 rows break crm-users" in str(report.reason)
    assert report.findings[0].lines == (2, 3)
    assert "required on line 2, 3" in report.text()


def test_folders_name_the_contract_of_a_file_from_elsewhere(tmp_path, home) -> None:
    path = tmp_path / "crm" / "users" / "export.csv"
    path.parent.mkdir(parents=True)
    path.write_text("user_id,name\nu1,Ada\n")
    assert check_file(path, home).contract == "crm-users"


def test_a_file_that_is_not_there_is_told(tmp_path, home) -> None:
    with pytest.raises(ContractError, match="is not a file"):
        check_file(tmp_path / "none.csv", home)
