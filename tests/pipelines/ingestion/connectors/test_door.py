"""A live system's rows go the whole way: asked for, landed, judged, logged, kept."""

from datetime import date

import polars as pl
import pytest

from data_contracts.contract import contract
from pipelines.ingestion.bringing import bring
from pipelines.ingestion.expectations import check
from pipelines.ingestion.land import land
from pipelines.ingestion.standing import stale_inputs

from .conftest import NIGHT, serving
from .test_salesforce import MAPPING, Org, account

pytestmark = pytest.mark.slow

NEXT = date(2026, 2, 1)
ACCOUNTS = contract("crm-accounts")


def test_two_nights_of_an_org_go_through_the_whole_door(home, monkeypatch) -> None:
    org = Org()
    org.rows["Account"] = [account(n, n * 10, Name=f"Zoë, {n}") for n in range(5)]
    org.rows["Account"][3]["Name"] = None  # the contract needs one
    org.rows["Product2"] = [{"Id": "01t1", "Name": "Core"}]
    monkeypatch.setenv("AOP_ORG_CLIENT_ID", "us")
    monkeypatch.setenv("AOP_ORG_CLIENT_SECRET", "secret")
    (home.home / "ours.yaml").write_text(MAPPING)
    results = []
    with serving(org) as server:
        home.sources_file.write_text(
            "sources:\n  - {connector: salesforce, name: org, mapping: ours.yaml, "
            f"url: {server.url!r}}}\n"
        )
        for night in (NIGHT, NEXT):
            (brought,) = bring(home, night, today=night)
            assert brought.source == "org"
            results.append(land(ACCOUNTS, night, home))
            assert land(contract("crm-products"), night, home).refused == ()
            org.token = "second"  # the session of the first night has ended
            org.rows["Account"][0] |= {
                "Name": "Anew",
                "SystemModstamp": "2026-01-31T09:00:00.000+0000",
            }
            org.rows["Account"][1] |= {
                "IsDeleted": True,
                "SystemModstamp": "2026-01-31T09:00:00.000+0000",
            }
    first, second = results
    assert (first.rows, first.loaded, first.quarantined) == (5, 4, 1)
    assert second.loaded == 2  # what changed, and nothing else is written
    assert second.rows == second.loaded + second.unchanged + second.quarantined
    raw = pl.read_parquet(home.raw / "crm" / "accounts" / "2026*.parquet")
    told = {
        (row["account_id"], str(row["_known_on"])): (row["name"], row["is_deleted"])
        for row in raw.to_dicts()
    }
    assert told["0010", "2026-01-31"] == ("Zoë, 0", False)
    assert told["0010", "2026-02-01"] == ("Anew", False)
    assert told["0011", "2026-02-01"] == ("Zoë, 1", True)
    assert raw["owner_id"].unique().to_list() == ["a@b.example"]
    (refused,) = pl.read_parquet(
        home.quarantine / "crm" / "accounts" / f"{NIGHT}.parquet"
    ).to_dicts()
    assert (refused["rule"], refused["column_name"]) == ("required", "name")
    assert '\\"Id\\":\\"0013\\"' in refused["row_json"].replace(" ", "")
    loads = pl.read_parquet(home.raw / "quality" / "loads" / "2026*accounts.parquet")
    assert loads["source"].unique().to_list() == ["org"]
    assert check(ACCOUNTS, NEXT, home).passed
    assert stale_inputs(home) == []
