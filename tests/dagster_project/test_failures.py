"""What a planner can fix survives the way through a run."""

import dagster as dg
import pytest

from dagster_project import failures
from dagster_project.failures import first_stated, stated
from data_contracts.errors import AopError, BusyError, ContractError, HomeError


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


def test_what_somebody_else_holds_is_tried_again_and_then_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(failures, "FIRST_WAIT_SECONDS", 0.0)
    tries: list[int] = []

    @dg.asset
    def contended() -> None:
        with stated():
            tries.append(len(tries))
            if len(tries) < 3:
                raise BusyError("the copy is being read", fix="wait")

    assert dg.materialize([contended]).success
    assert tries == [0, 1, 2]


def test_what_stays_held_ends_as_the_fault_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(failures, "FIRST_WAIT_SECONDS", 0.0)
    found = first_stated(_one(BusyError("the copy is being read", fix="wait")))
    assert type(found) is BusyError
