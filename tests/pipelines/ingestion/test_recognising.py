"""What a file is for is found by its columns and its name, and told, never assumed."""

import json
from pathlib import Path

import pytest

from data_contracts.errors import ContractError
from pipelines.ingestion.recognising import headers_of, recognise, sure

STRIPE = {"id": "sub_1", "customer": "c", "status": "active", "start_date": 1,
          "items": {"data": []}, "metadata": {"plan": {"name": "x"}}}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "text", "contract_id", "mapping"),
    [
        ("x.csv", "user_id,name,email\n", "crm-users", None),
        ("x.csv", "Id,AccountId,OwnerId,StageName,Amount,CloseDate,IsClosed,IsWon\n",
         "crm-opportunities", "salesforce"),
        ("opportunity.csv",
         "id,account_id,owner_id,stage_name,amount,close_date,is_closed,is_won\n",
         "crm-opportunities", "fivetran_salesforce"),
        ("x.csv", "Employee ID,Legal Name,Hire Date\n", "hris-workers", "workday"),
        ("employees.csv", "id,employeeNumber,displayName,hireDate\n", "hris-workers",
         "bamboohr"),
        ("subscriptions.jsonl", json.dumps(STRIPE) + "\n", "billing-subscriptions",
         "stripe"),
    ],
)  # fmt: skip
def test_a_known_export_is_recognised(
    tmp_path: Path, name: str, text: str, contract_id: str, mapping: str | None
) -> None:
    path = tmp_path / name
    path.write_text(text)
    found = sure(recognise(path))
    assert found is not None
    told = found.mapping.name if found.mapping else None
    assert (found.contract.id, told) == (contract_id, mapping)


def test_a_stranger_is_like_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("alpha,beta,gamma\n1,2,3\n")
    assert recognise(path) == []
    assert sure([]) is None


def test_a_file_that_lacks_what_it_needs_is_not_sure(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("opportunity_id,account_id,stage,amount,is_won\n")
    likely = recognise(path)
    assert sure(likely) is None
    told = [one.told() for one in likely if one.missing]
    assert any("but lacks owner_id, close_date, is_closed" in one for one in told)


def test_keys_of_objects_are_their_dotted_paths(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("\n" + json.dumps({"a": {"b": 1, "c": {}}, "d": None}) + "\n")
    assert headers_of(path) == ("a.b", "a.c", "d")
    path.write_text("[oops\n")
    with pytest.raises(ContractError, match="does not begin with a JSON object"):
        headers_of(path)
