"""Contracts are read strictly, and every one on file keeps the standard."""

import json
from pathlib import Path

import jsonschema
import open_data_contract_standard
import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from data_contracts.contract import (
    EXTRACTS,
    ColumnType,
    all_contracts,
    contract,
    contract_ids,
    load_contract,
)
from data_contracts.errors import ContractError

FILES = sorted(EXTRACTS.glob("*.yaml"))


def edited(tmp_path: Path, old: str, new: str) -> Path:
    text = (EXTRACTS / "crm-quotas.yaml").read_text()
    assert old in text
    path = tmp_path / "crm-quotas.yaml"
    path.write_text(text.replace(old, new, 1))
    return path


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_contract_is_read_by_the_standards_own_model(path: Path) -> None:
    standard = OpenDataContractStandard.from_file(str(path))
    assert standard.schema_ is not None
    assert standard.id == path.stem == load_contract(path).id


@pytest.mark.slow
def test_every_contract_keeps_the_standards_json_schema() -> None:
    folder = Path(open_data_contract_standard.__file__).parent
    schema = json.loads((folder / "schema.json").read_text())
    validator = jsonschema.validators.validator_for(schema)(schema)
    faults = [
        f"{path.stem}: {fault.message}"
        for path in FILES
        for fault in validator.iter_errors(yaml.safe_load(path.read_text()))
    ]
    assert faults == []


def test_every_column_and_table_says_what_it_is() -> None:
    for one in all_contracts():
        assert one.description.purpose
        assert one.description.limitations
        assert one.grain.startswith("One row per")
        for column in one.columns:
            assert column.description.endswith("."), (one.id, column.name)
            if column.type is ColumnType.MONEY:
                assert column.unit, (one.id, column.name)


def test_people_and_pay_are_classified() -> None:
    users, pay = contract("crm-users"), contract("hris-compensation")
    assert users.column("email").classification == "personal"
    assert pay.column("base").classification == "pay"


def test_an_optional_extract_says_what_is_lost_without_it() -> None:
    for one in all_contracts():
        assert bool(one.without_it) == one.is_optional


def test_id_names_system_and_table() -> None:
    history = contract("crm-opportunity-history")
    assert (history.system, history.table) == ("crm", "opportunity_history")
    assert history.keys == ("opportunity_id", "changed_at")


def test_money_is_exact_and_other_numbers_are_not() -> None:
    deals = contract("crm-opportunities")
    assert deals.column("amount").type.physical == "DECIMAL(18,4)"
    assert deals.column("probability").type.physical == "DOUBLE"
    assert deals.column("type").allowed == ("new", "expansion", "renewal")


def test_an_unknown_contract_names_those_there_are() -> None:
    with pytest.raises(ContractError, match="there is no contract 'crm-deals'") as told:
        contract("crm-deals")
    assert "crm-opportunities" in told.value.fix
    assert "crm-opportunities" in contract_ids()


def test_a_column_that_does_not_exist_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="shoe_size"):
        contract("crm-users").column("shoe_size")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("version: 1.0.0", "version: one", "version"),
        ("status: active", "status: active\nowner: me", "owner"),
        ("required: true, primaryKey", "primaryKey", "must be required"),
        ('physicalType: "DECIMAL(18,4)", ', "", "physicalType"),
        ("domain: crm", "domain: hris", "is not 'crm'"),
        ("name: crm_quotas", "name: crm_quota", "crm_quotas"),
        ("name: period_start", "name: user_id", "given twice"),
        ("type: custom", "type: library", "custom rule"),
        ("{property: withoutIt", "{property: without", "withoutIt"),
        ("id: crm-quotas", "id: [", "not YAML"),
    ],
)
def test_a_contract_that_departs_from_the_standard_is_refused(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    with pytest.raises(ContractError) as refused:
        load_contract(edited(tmp_path, old, new))
    assert told in refused.value.what
    assert "crm-quotas.yaml" in refused.value.what


def test_a_missing_contract_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"none\.yaml cannot be read"):
        load_contract(tmp_path / "none.yaml")
