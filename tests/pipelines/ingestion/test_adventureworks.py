"""A real company's files, which nobody here wrote, land through one mapping."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

import data_contracts
from data_contracts.contract import all_contracts
from pipelines.ingestion.land import land
from pipelines.settings import Settings

DATA = Path(data_contracts.__file__).parents[2] / "shared" / "data" / "adventureworks"
NIGHT = date(2020, 6, 1)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not here"),
]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = Settings(tmp_path_factory.mktemp("adventureworks"))
    home.sources_file.write_text(
        f"sources:\n  - folder: {DATA}\n    mapping: adventureworks\n"
        "    extracted_on: 2020-05-31\n"
    )
    for one in all_contracts():
        result = land(one, NIGHT, home)
        assert result.refused == ()
        assert result.quarantined == 0
        assert result.rows == result.loaded
    return home


def table(company: Settings, place: str) -> pl.DataFrame:
    return pl.read_parquet(company.raw / place / "*.parquet")


def test_orders_are_won_deals_that_sum_to_the_cent(company) -> None:
    deals = table(company, "crm/opportunities")
    assert deals.height == 3_616
    assert deals["amount"].sum() == Decimal("77548570.2000")
    assert deals["is_won"].all()
    firsts = deals.filter(pl.col("type") == "new")
    assert firsts.height == deals["account_id"].n_unique()


def test_invoices_and_their_lines_sum_to_the_same(company) -> None:
    lines = table(company, "billing/invoice_lines")
    assert table(company, "billing/invoices")["total"].sum() == lines["amount"].sum()
    assert lines.height == 57_851


def test_quotas_sum_and_end_with_their_quarter(company) -> None:
    quotas = table(company, "crm/quotas")
    assert (quotas.height, quotas["quota"].sum()) == (163, Decimal(95_714_000))
    assert set(quotas["period_end"].dt.month()) == {3, 6, 9, 12}


def test_seventeen_sellers_report_to_three_managers(company) -> None:
    users = table(company, "crm/users")
    teams = users.group_by("manager_id").len().sort("manager_id", nulls_last=True)
    # ten report to 274, one to 285, three to 287; nobody of the seventeen stands
    # above those three
    assert users.height == 17
    assert dict(teams.rows()) == {"274": 10, "285": 1, "287": 3, None: 3}


def test_swaps_and_the_vacancy_are_in_the_spells(company) -> None:
    spells = table(company, "crm/territory_members")
    assert spells.height == 17
    ended = spells.filter(pl.col("ended_on").is_not_null())
    assert set(ended["user_id"]) == {"275", "277", "280", "282"}


def test_every_account_is_kept_whether_it_ordered_or_not(company) -> None:
    accounts = table(company, "crm/accounts")
    assert accounts.height == 701
    assert set(accounts["segment"]) == {"North America", "Europe", "Pacific"}
    sellers = set(table(company, "crm/users")["user_id"])
    assert set(accounts["owner_id"].drop_nulls()) <= sellers


def test_a_move_between_territories_is_a_change_of_job(company) -> None:
    jobs = table(company, "hris/job_history")
    moved = jobs.filter(pl.col("worker_id") == "282").sort("effective_date")
    assert moved["region"].to_list() == ["Canada", "United Kingdom"]
    assert moved["segment"].to_list() == ["North America", "Europe"]
    assert table(company, "hris/workers").height == 290


def test_pay_is_a_year_of_hours(company) -> None:
    pay = table(company, "hris/compensation").filter(pl.col("worker_id") == "1")
    assert pay["base"].to_list() == [Decimal("125.5") * 2080]
