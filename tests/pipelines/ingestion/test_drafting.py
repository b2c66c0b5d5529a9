"""A draft maps what is plain, asks where it is not, and never guesses a key."""

from pathlib import Path

import pytest

from data_contracts.contract import contract
from data_contracts.errors import ContractError
from pipelines.ingestion.drafting import Draft, draft_mapping
from pipelines.ingestion.mapping import load_mapping


def drafted(tmp_path: Path, contract_id: str, text: str, name: str = "x.csv") -> Draft:
    path = tmp_path / name
    path.write_text(text)
    return draft_mapping(path, contract(contract_id))


@pytest.mark.slow
def test_a_draft_of_known_names_is_a_mapping_that_lands(tmp_path: Path) -> None:
    draft = drafted(
        tmp_path,
        "crm-users",
        "Id,Name,Email,Is Active,Shoe Size\n005,Ada,a@x.test,true,38\n",
    )
    (tmp_path / "ours.yaml").write_text(draft.text)
    columns = load_mapping("ours.yaml", tmp_path).contracts["crm-users"].columns
    assert {name: one.source for name, one in columns.items()} == {
        "user_id": "Id",
        "name": "Name",
        "email": "Email",
        "is_active": "Is Active",
    }
    assert draft.unsure == ()
    assert draft.unused == ("Shoe Size",)


@pytest.mark.slow
def test_a_key_is_never_guessed(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "crm-users", "user_idd,name\n1,Ada\n")
    assert draft.unsure == ("user_id: a key is never guessed; write its header",)
    assert "\n      user_id:" not in draft.text


@pytest.mark.slow
def test_a_like_name_is_a_comment_to_decide(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "hris-workers", "worker_id,hired_date\n1,2024-01-01\n")
    assert draft.unsure == ("hire_date: from hired_date? only a like name",)
    assert "# hire_date: hired_date # only a like name" in draft.text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("value", "recipe"),
    [
        ("25/12/2025", "{format: '%d/%m/%Y', from: hire_date}"),
        ("12/25/2025", "{format: '%m/%d/%Y', from: hire_date}"),
        ("1767225600", "{from: hire_date, unit: epoch_seconds}"),
        ("2025-12-25", "hire_date"),
    ],
)
def test_a_column_that_reads_one_way_says_how(
    tmp_path: Path, value: str, recipe: str
) -> None:
    text = f"worker_id,hire_date\nw1,{value}\n"
    assert (
        f"\n      hire_date: {recipe}\n" in drafted(tmp_path, "hris-workers", text).text
    )


@pytest.mark.slow
def test_day_or_month_first_is_asked_where_both_fit(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "hris-workers", "worker_id,hire_date\nw1,01/02/2025\n")
    assert draft.unsure == ("hire_date: from hire_date? it may as well be %m/%d/%Y",)


@pytest.mark.slow
def test_words_of_a_list_must_be_said(tmp_path: Path) -> None:
    draft = drafted(
        tmp_path,
        "hris-positions",
        "position_id,status\np1,Vacant\n",
    )
    assert "say what its values mean: open, filled, closed" in draft.unsure[0]


def test_decimal_commas_are_seen(tmp_path: Path) -> None:
    draft = drafted(
        tmp_path, "crm-accounts", "account_id;name;annual_revenue\na;A;1.234,50\n"
    )
    assert "annual_revenue: {decimal: ',', from: annual_revenue}" in draft.text


def test_json_lines_have_no_header_to_draft_from(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="is JSON lines"):
        drafted(tmp_path, "crm-users", '{"id": 1}\n', name="x.jsonl")


def test_a_file_s_own_noun_before_a_name_is_no_other_name(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "crm-accounts", "Account ID,Account Name\n1,Acme\n")
    assert "\n      name: Account Name\n" in draft.text
    assert draft.unsure == ()


def test_values_alone_make_a_proposal_to_decide(tmp_path: Path) -> None:
    draft = drafted(
        tmp_path,
        "crm-users",
        "user_id,name,Contact,Second\nu1,Ada,ada@x.test,\nu2,Bo,bo@x.test,\n",
    )
    assert draft.unsure == ("email: from Contact? only its values look so",)
    assert draft.unused == ("Second",)


@pytest.mark.slow
def test_two_headers_that_may_be_the_key_are_asked_about(tmp_path: Path) -> None:
    draft = drafted(
        tmp_path, "hris-workers", "Workday ID,Employee ID,Hire Date\nw,e,2024-01-01\n"
    )
    assert draft.unsure == ("worker_id: a key is never guessed; write its header",)
    assert "\n      worker_id:" not in draft.text


@pytest.mark.slow
def test_headers_in_other_words_are_proposed_and_never_taken(tmp_path) -> None:
    path = tmp_path / "deals.csv"
    path.write_text(
        "Deal ID;Customer;Sales rep;Phase;Value EUR;Expected close;Closed?;Won?\n"
        "D-1;C1;R1;Negotiation;1.200,50;13.03.2026;no;no\n"
        "D-2;C2;R2;Won;900,00;28.02.2026;yes;yes\n"
    )
    draft = draft_mapping(path, contract("crm-opportunities"))
    for told in (
        "# account_id: Customer # only a like name",
        "# owner_id: Sales rep # only a like name",
        "# stage: Phase # only a like name",
        "# amount: {decimal: ',', from: Value EUR} # only a like name",
        "# close_date: {format: '%d.%m.%Y', from: Expected close} # only a like name",
        "# opportunity_id: a key is never guessed",
    ):
        assert told in draft.text
    assert draft.unused == ("Deal ID",)
