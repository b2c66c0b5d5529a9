"""Great Expectations confirms what was landed, rule by rule."""

from datetime import date

import polars as pl
import pytest

from data_contracts.contract import contract
from data_contracts.errors import ContractError
from pipelines.ingestion.expectations import check

pytestmark = pytest.mark.slow  # the tool takes seconds to import

NIGHT = date(2026, 1, 31)
HEADER = "user_id,name,manager_id\n"


def test_landed_rows_keep_every_promise(deliver, landing, home) -> None:
    deliver("crm-users", HEADER + "u1,Ada,\nu2,Bo,u1\n")
    landing("crm-users")
    promises = check(contract("crm-users"), NIGHT, home)
    assert promises.passed
    assert promises.rows == 2
    kinds = {one["expectation"] for one in promises.results}
    assert {"ExpectColumnValuesToBeUnique", "ExpectColumnValuesToNotBeNull"} <= kinds
    promises.raise_if_broken()


def test_a_warning_is_told_but_breaks_nothing(deliver, landing, home) -> None:
    deliver("crm-users", HEADER + "u1,Ada,u1\nu2,Bo,u1\n")
    landing("crm-users")
    promises = check(contract("crm-users"), NIGHT, home)
    assert promises.passed
    told = [one for one in promises.results if not one["is_passed"]]
    assert [one["column"] for one in told] == ["rule not-own-manager"]
    assert told[0]["observed"] == "1 of 2 rows differ"


def test_a_broken_promise_is_raised_with_its_column(deliver, landing, home) -> None:
    deliver("crm-users", HEADER + "u1,Ada,\n")
    landing("crm-users")
    path = home.raw / "crm" / "users" / f"{NIGHT}.parquet"
    frame = pl.read_parquet(path)
    pl.concat([frame, frame]).write_parquet(path)  # damage landing would not let in
    promises = check(contract("crm-users"), NIGHT, home)
    assert not promises.passed
    with pytest.raises(ContractError, match="user_id: ExpectColumnValuesToBeUnique"):
        promises.raise_if_broken()


def test_nothing_landed_breaks_nothing(home) -> None:
    promises = check(contract("crm-users"), NIGHT, home)
    assert (promises.passed, promises.rows, promises.results) == (True, 0, [])
