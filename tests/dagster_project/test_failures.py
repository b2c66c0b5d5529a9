"""What a planner can fix survives the way through a run."""

import dagster as dg
import pytest

from dagster_project.failures import first_stated, stated
from data_contracts.errors import AopError, ContractError, HomeError


def _one(error: Exception) -> list[dg.DagsterEvent]:
    @dg.asset
    def broken() -> None:
        with stated():
            raise error

    return list(dg.materialize([broken], raise_on_error=False).all_events)


@pytest.mark.parametrize("kind", [ContractError, HomeError, AopError])
def test_an_error_comes_back_with_its_class_what_and_fix(kind: type[AopError]) -> None:
    found = first_stated(_one(kind("column amount is missing", fix="export it again")))
    assert type(found) is kind
    assert found is not None
    assert (found.what, found.fix) == ("column amount is missing", "export it again")


def test_a_fault_of_the_program_is_not_dressed_up_as_the_planners() -> None:
    assert first_stated(_one(ZeroDivisionError("division by zero"))) is None


def test_a_quiet_block_changes_nothing() -> None:
    with stated():
        pass
