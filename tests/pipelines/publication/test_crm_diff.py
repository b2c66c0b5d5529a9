"""Loading what differs makes the CRM hold the plan; loading the reverse undoes it.

A dictionary of records plays the CRM: it gives ids, refuses unknown ones, and is
exported again to see what arrived.
"""

import itertools
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.ledger.content import canonical
from pipelines.publication.crm_diff import (
    Change,
    after_loading,
    before_loading,
    changes,
)
from pipelines.publication.crm_state import (
    CrmState,
    live_state,
    territory_of,
    wanted_state,
)
from pipelines.publication.crm_target import CrmTarget

DAY = date(2026, 2, 1)
TARGET = CrmTarget(
    territory_model_id="0MA1", territory_type_id="0M51", forecasting_type_id="0Db1"
)
REPS, ACCOUNTS = ("R1", "R2", "R3"), ("A1", "A2", "A3")
MONTHS = (date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1))


class Crm:
    """Records by object and id, as Salesforce keeps them."""

    def __init__(self, owners: dict[str, str]) -> None:
        self.records: dict[str, dict[str, dict[str, str]]] = {
            "Account": {account: {"OwnerId": rep} for account, rep in owners.items()},
            "Territory2": {},
            "UserTerritory2Association": {},
            "ObjectTerritory2Association": {},
            "ForecastingQuota": {},
        }
        self._numbers = itertools.count(1)

    def load(self, made: Iterable[Change]) -> None:
        for change in made:
            table = self.records[change.crm_object]
            for row in change.records.iter_rows(named=True):
                fields = {name: value for name, value in row.items() if name != "Id"}
                if change.operation == "insert":
                    table[f"{change.crm_object}-{next(self._numbers)}"] = fields
                elif change.operation == "update":
                    table[row["Id"]].update(fields)
                else:
                    del table[row["Id"]]

    def export(self, folder: Path) -> CrmState:
        columns = {
            "Account": ["OwnerId"],
            "Territory2": ["DeveloperName", "Name"],
            "UserTerritory2Association": ["UserId", "Territory2Id"],
            "ObjectTerritory2Association": ["ObjectId", "Territory2Id"],
            "ForecastingQuota": ["QuotaOwnerId", "StartDate", "QuotaAmount"],
        }
        for name, fields in columns.items():
            rows = [
                {"Id": key, **{field: record[field] for field in fields}}
                for key, record in self.records[name].items()
            ]
            schema = dict.fromkeys(["Id", *fields], pl.String)
            pl.DataFrame(rows, schema=schema).write_csv(folder / f"{name}.csv")
        return live_state(folder)

    def facts(self) -> dict[str, Any]:
        """What the CRM says, without the ids it made up."""
        named = {
            key: record["DeveloperName"]
            for key, record in self.records["Territory2"].items()
        }

        def shown(name: str) -> list[tuple[str, ...]]:
            return sorted(
                tuple(named.get(value, value) for value in record.values())
                for record in self.records[name].values()
            )

        return {
            name: dict(self.records[name]) if name == "Account" else shown(name)
            for name in self.records
            if name != "Territory2"  # new territories stay when a load is undone
        }


def plan(owners: dict[str, str], quotas: dict[tuple[str, date], int]) -> CrmState:
    empty = canonical({})
    books = pl.DataFrame(
        [
            {"account_id": account, "rep_id": rep, "valid_from": DAY}
            for account, rep in owners.items()
        ],
        schema={"account_id": pl.String, "rep_id": pl.String, "valid_from": pl.Date},
    )
    lines = pl.DataFrame(
        [(rep, month, cents) for (rep, month), cents in quotas.items()],
        schema={"rep_id": pl.String, "month_start": pl.Date, "quota_cents": pl.Int64},
        orient="row",
    )
    content = {
        "assignment": pl.concat([empty["assignment"], books], how="diagonal"),
        "quota": pl.concat([empty["quota"], lines], how="diagonal"),
    }
    return wanted_state(content, day=DAY, names={"R1": "Ann"})


owners = st.dictionaries(st.sampled_from(ACCOUNTS), st.sampled_from(REPS))
quotas = st.dictionaries(
    st.tuples(st.sampled_from(REPS), st.sampled_from(MONTHS)), st.integers(0, 10**9)
)
OURS = frozenset(REPS)


def go_live(crm: Crm, wanted: CrmState, folder: Path) -> None:
    """Load, export, load what waited for ids: the checklist."""
    for _ in range(2):
        live = crm.export(folder)
        crm.load(changes(wanted, live, TARGET, since=DAY, may_delete_quotas_of=OURS))


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(owners, quotas, owners, quotas)
def test_loading_twice_is_loading_once_and_the_reverse_undoes_it(
    tmp_path_factory: Any,
    old_owners: dict[str, str],
    old_quotas: dict[tuple[str, date], int],
    new_owners: dict[str, str],
    new_quotas: dict[tuple[str, date], int],
) -> None:
    folder = tmp_path_factory.mktemp("live")
    crm = Crm(dict.fromkeys(ACCOUNTS, "R1"))
    manager = {"QuotaOwnerId": "M1", "StartDate": "2026-02-01", "QuotaAmount": "9.99"}
    crm.records["ForecastingQuota"]["managers own"] = manager
    go_live(crm, plan(old_owners, old_quotas), folder)
    facts, live = crm.facts(), crm.export(folder)
    before = before_loading(None, plan(new_owners, new_quotas), live)

    wanted = plan(new_owners, new_quotas)
    go_live(crm, wanted, folder)
    arrived = crm.export(folder)
    assert crm.records["ForecastingQuota"]["managers own"] == manager
    for account, rep in new_owners.items():
        assert crm.records["Account"][account]["OwnerId"] == rep
    again = changes(wanted, arrived, TARGET, since=DAY, may_delete_quotas_of=OURS)
    assert [each.records.height + each.waiting for each in again] == [0] * 10

    # asked again after the load, what was there before is still known
    before = before_loading(before, wanted, arrived)
    loaded = after_loading(wanted, arrived, since=DAY, ours=OURS)
    crm.load(changes(before, loaded, TARGET, since=DAY, may_delete_quotas_of=OURS))
    assert crm.facts() == facts


def test_a_book_of_one_account_is_five_records() -> None:
    wanted = plan({"A1": "R2"}, {("R2", DAY): 1_234_56})
    live = CrmState(
        {
            **{name: frame.clear() for name, frame in wanted.frames.items()},
            "Account": pl.DataFrame({"account_id": ["A1"], "owner_id": ["R1"]}),
        }
    )
    made = {each.file_name: each for each in changes(wanted, live, TARGET, since=DAY)}
    assert made["Territory2.insert.csv"].records.to_dicts() == [
        {
            "Name": "Book of R2",
            "DeveloperName": territory_of("R2"),
            "Territory2ModelId": "0MA1",
            "Territory2TypeId": "0M51",
            "AccountAccessLevel": "Edit",
            "OpportunityAccessLevel": "Edit",
        }
    ]
    assert made["Account.update.csv"].records.to_dicts() == [
        {"Id": "A1", "OwnerId": "R2"}
    ]
    assert made["ForecastingQuota.insert.csv"].records.to_dicts() == [
        {
            "QuotaOwnerId": "R2",
            "StartDate": "2026-02-01",
            "ForecastingTypeId": "0Db1",
            "QuotaAmount": "1234.56",
        }
    ]
    # the territory has no id yet, so who is in it waits
    for name in ("UserTerritory2Association", "ObjectTerritory2Association"):
        assert made[f"{name}.insert.csv"].waiting == 1
        assert made[f"{name}.insert.csv"].records.is_empty()


def test_a_territory_comes_before_who_is_in_it() -> None:
    wanted = plan({}, {})
    names = [each.file_name for each in changes(wanted, wanted, TARGET, since=DAY)]
    assert names.index("Territory2.insert.csv") < names.index(
        "UserTerritory2Association.insert.csv"
    )
    assert names.index("UserTerritory2Association.delete.csv") < names.index(
        "UserTerritory2Association.insert.csv"
    )
