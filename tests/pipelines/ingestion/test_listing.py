"""The listing shows every file, what became of it, and what is absent."""

from datetime import date

import pytest

from pipelines.ingestion.listing import State, list_extracts

NIGHT = date(2026, 1, 31)
USERS = "user_id,name\nu1,Ada\n"


@pytest.mark.slow
def test_files_wait_then_load_and_the_absent_say_what_is_lost(
    deliver, landing, home
) -> None:
    deliver("crm-users", USERS)
    stray = home.landing / "crm" / "deals" / "2026-01-31.csv"
    stray.parent.mkdir()
    stray.write_text("x\n")
    before = {row.contract: row for row in list_extracts(home, NIGHT)}
    assert before["crm-users"].state is State.WAITING
    assert before["crm-quotas"].state is State.ABSENT
    assert "attainment" in str(before["crm-quotas"].reason)
    assert before["hris-workers"].reason == "every plan needs it"
    assert (before[None].file, before[None].state) == (
        "crm/deals/2026-01-31.csv",
        State.UNCLAIMED,
    )
    landing("crm-users")
    after = {row.contract: row for row in list_extracts(home, NIGHT)}
    assert after["crm-users"].state is State.LOADED
    assert after["crm-users"].rows_loaded == 1


def test_a_refused_file_says_why(deliver, landing, home) -> None:
    deliver("crm-users", "id\n1\n")
    landing("crm-users")
    row = next(r for r in list_extracts(home, NIGHT) if r.contract == "crm-users")
    assert row.state is State.REFUSED
    assert "lacks column" in str(row.reason)


def test_an_undated_file_is_not_shown_as_waiting_once_loaded(
    deliver, landing, home
) -> None:
    deliver("crm-users", USERS, night=None)
    landing("crm-users")
    rows = [r for r in list_extracts(home, date(2026, 2, 5)) if r.contract]
    assert [r.state for r in rows if r.contract == "crm-users"] == [State.LOADED]
