"""A contract that changes says which version it must carry."""

from typing import Any

import pytest

from data_contracts.changes import Raise, changes, next_version, version_to_raise
from data_contracts.contract import Column, ExtractContract, contract

QUOTAS = contract("crm-quotas")


def changed(name: str, **values: Any) -> ExtractContract:
    """Return the contract with one column altered, or dropped where told None."""
    columns: list[Column] = []
    for column in QUOTAS.columns:
        if column.name == name and not values:
            continue
        columns.append(
            column.model_copy(update=values) if column.name == name else column
        )
    schema = QUOTAS.schema_[0].model_copy(update={"properties": tuple(columns)})
    return QUOTAS.model_copy(update={"schema_": (schema,)})


def test_the_same_contract_asks_for_nothing() -> None:
    assert changes(QUOTAS, QUOTAS) == ()
    assert version_to_raise(QUOTAS, QUOTAS) is None


@pytest.mark.parametrize(
    ("altered", "told", "wanted"),
    [
        (
            changed("quota", physical_type="DOUBLE"),
            "column quota changed type: DECIMAL(18,4) → DOUBLE",
            "2.0.0",
        ),
        (changed("currency"), "column currency is gone", "2.0.0"),
        (
            changed("quota", description="Quota for a year."),
            "changed meaning",
            "2.0.0",
        ),
        (changed("currency", required=True), "currency is required now", "2.0.0"),
        (
            changed("currency", classification="pay"),
            "column currency is pay now",
            "1.1.0",
        ),
    ],
)
def test_each_change_names_its_version(
    altered: ExtractContract, told: str, wanted: str
) -> None:
    assert told in changes(QUOTAS, altered)[0].what
    assert version_to_raise(QUOTAS, altered) == wanted


def test_a_version_raised_far_enough_is_left_alone() -> None:
    altered = changed("currency", classification="pay")
    raised = altered.model_copy(update={"version": "1.1.0"})
    assert version_to_raise(QUOTAS, raised) is None
    too_little = altered.model_copy(update={"version": "1.0.9"})
    assert version_to_raise(QUOTAS, too_little) == "1.1.0"


def test_a_new_column_is_harmless_and_its_going_is_not() -> None:
    without = changed("currency")
    assert [one.asks for one in changes(without, QUOTAS)] == [Raise.MINOR]
    assert [one.asks for one in changes(QUOTAS, without)] == [Raise.MAJOR]


def test_versions_count_as_numbers_do() -> None:
    assert next_version("1.9.9", Raise.MINOR) == "1.10.0"
    assert next_version("1.9.9", Raise.NOTHING) == "1.9.9"
