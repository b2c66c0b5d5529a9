"""What was refused is remembered until it stands again; contracts keep their word."""

from datetime import date, timedelta

import pytest

from data_contracts.contract import ExtractContract, contract
from data_contracts.errors import ContractError
from pipelines.ingestion import standing
from pipelines.ingestion.land import land

NIGHT = date(2026, 1, 31)
NEXT = NIGHT + timedelta(days=1)
GOOD = "user_id,name\nu1,Ada\nu2,Bo\n"


@pytest.mark.slow
def test_a_refused_night_leaves_the_last_good_rows_and_says_so(
    deliver, landing, raw, home
) -> None:
    deliver("crm-users", GOOD)
    landing("crm-users")
    assert standing.stale_inputs(home) == []
    deliver("crm-users", "who,what\nu1,Ada\n", night=NEXT)
    landing("crm-users", NEXT)
    assert raw("crm-users")["user_id"].to_list() == ["u1", "u2"]
    stale = standing.stale_inputs(home)
    assert [(one.contract, one.check, one.night, one.good_until) for one in stale] == [
        ("crm-users", "contract", NEXT, NIGHT)
    ]
    assert "lacks column user_id" in stale[0].reason


@pytest.mark.slow
def test_a_mended_delivery_stands_again(deliver, landing, home) -> None:
    deliver("crm-users", "who,what\nu1,Ada\n")
    landing("crm-users")
    assert len(standing.stale_inputs(home)) == 1
    deliver("crm-users", GOOD)
    landing("crm-users")
    assert standing.stale_inputs(home) == []


@pytest.mark.slow
def test_a_changed_file_refused_after_its_night_was_landed_is_told_too(
    deliver, landing, home
) -> None:
    deliver("crm-users", GOOD)
    landing("crm-users")
    deliver("crm-users", "who,what\nu1,Ada\n")
    assert landing("crm-users").refused
    assert [one.good_until for one in standing.stale_inputs(home)] == [NIGHT]


def test_broken_promises_are_a_reason_of_their_own(home) -> None:
    users = contract("crm-users")
    standing.record(users, NIGHT, ["user_id: 1 of 2"], home, check=standing.PROMISES)
    told = standing.stale_inputs(home)
    assert [(one.check, one.good_until) for one in told] == [("promises", None)]
    standing.record(users, NIGHT, [], home)  # the other check stands
    assert standing.stale_inputs(home) == told
    standing.record(users, NIGHT, [], home, check=standing.PROMISES)
    assert standing.stale_inputs(home) == []


def changed(one: ExtractContract, column: str, **values: object) -> ExtractContract:
    columns = tuple(
        each.model_copy(update=values) if each.name == column else each
        for each in one.columns
    )
    schema = one.schema_[0].model_copy(update={"properties": columns})
    return one.model_copy(update={"schema_": (schema,)})


@pytest.mark.slow
def test_another_meaning_under_the_same_version_names_the_one_to_raise(
    deliver, landing, home
) -> None:
    users = contract("crm-users")
    deliver("crm-users", GOOD)
    landing("crm-users")
    other = changed(users, "name", description="Login name, lower case.")
    with pytest.raises(ContractError, match="column name changed meaning") as refused:
        land(other, NIGHT, home)
    assert "raise its version to 2.0.0" in refused.value.fix
    raised = other.model_copy(update={"version": "2.0.0"})
    assert land(raised, NIGHT, home).loaded == 2
    with pytest.raises(ContractError, match="changed meaning"):
        land(users, NIGHT, home)  # and not back again unseen


@pytest.mark.slow
def test_a_looser_rule_needs_no_new_major_version(deliver, landing, home) -> None:
    deliver("crm-users", GOOD)
    landing("crm-users")
    looser = changed(contract("crm-users"), "name", required=False)
    assert land(looser, NIGHT, home).loaded == 2


@pytest.mark.slow
def test_an_export_cut_short_is_refused_and_the_rows_stay(
    deliver, landing, raw, home
) -> None:
    rows = [f"u{place},name" for place in range(300)]
    deliver("crm-users", "\n".join(["user_id,name", *rows, ""]))
    landing("crm-users")
    deliver("crm-users", "\n".join(["user_id,name", *rows[:140], ""]), night=NEXT)
    result = landing("crm-users", NEXT)
    assert "holds 140 rows and lacks 160 that were known" in result.refused[0]
    assert raw("crm-users").height == 300
    third = NEXT + timedelta(days=1)
    deliver("crm-users", "\n".join(["user_id,name", *rows[:151], ""]), night=third)
    assert landing("crm-users", third).deleted == 149  # fewer than half may go


@pytest.mark.slow
def test_few_rows_may_go_whatever_their_share(deliver, landing) -> None:
    deliver("crm-users", GOOD)
    landing("crm-users")
    deliver("crm-users", "user_id,name\nu1,Ada\n", night=NEXT)
    assert landing("crm-users", NEXT).deleted == 1


def test_a_new_column_is_a_warning_and_no_more(deliver, landing, loads) -> None:
    deliver("crm-users", "user_id,name,shoe_size\nu1,Ada,38\n")
    result = landing("crm-users")
    assert (result.loaded, result.refused) == (1, ())
    assert "shoe_size not in crm-users 1.0.0, and not loaded" in result.notes[0]
    assert "shoe_size" in str(loads()[0]["reason"])
