"""AdventureWorks, which nobody here wrote: the figures it is known to give."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from homes import write_home

from data_contracts.contract import all_contracts
from pipelines import warehouse
from pipelines.ingestion.land import land
from pipelines.ingestion.reference import write_reference
from pipelines.settings import Settings

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data" / "adventureworks"
NIGHT = date(2020, 6, 1)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the data is not beside the project"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """AdventureWorks landed and built, before anything was planned."""
    folder = tmp_path_factory.mktemp("adventureworks")
    settings = write_home(folder, as_of=NIGHT, rows={})
    for written in (settings.raw, settings.reference, settings.quarantine):
        shutil.rmtree(written)
    policy = ROOT / "data_contracts" / "policies" / "adventureworks.yaml"
    shutil.copy(policy, settings.policy_file)
    settings.sources_file.write_text(
        f"sources:\n  - folder: {DATA}\n    mapping: adventureworks\n"
        "    extracted_on: 2020-05-31\n    delivery: full\n",
        encoding="utf-8",
    )
    for contract in all_contracts():
        land(contract, NIGHT, settings).raise_if_refused()
    write_reference(NIGHT, settings)
    warehouse.build("", settings).raise_if_broken()
    return settings


def ask(home: Settings, sql: str) -> tuple[object, ...]:
    return warehouse.read(home, sql).row(0)


def test_quotas_and_bookings_are_those_of_the_books(home: Settings) -> None:
    total = ask(
        home,
        "select cast(sum(quota_cents) as bigint), cast(sum(bookings_cents) as bigint) "
        "from plan.fct_attainment",
    )
    assert total == (9_571_400_000, 7_754_857_020)
    booked = "select cast(sum(amount_cents) as bigint) from core.fct_bookings"
    assert ask(home, booked) == (7_754_857_020,)


def test_eleven_full_quarters_attain_84_percent(home: Settings) -> None:
    assert ask(
        home,
        "select cast(sum(quota_cents) as bigint), cast(sum(bookings_cents) as bigint), "
        "count(distinct quarter_start) from plan.fct_attainment where not is_partial",
    ) == (8_535_500_000, 7_200_587_191, 11)


def test_rep_quarters_attain_0_839_on_average(home: Settings) -> None:
    # published with the data: 163 rows, mean 0.839, sd 0.214, from 0.364 to 2.457
    found = ask(
        home,
        "select count(*), round(avg(attainment_share), 3), "
        "round(stddev(attainment_share), 3), round(min(attainment_share), 3), "
        "round(max(attainment_share), 3) from plan.fct_attainment",
    )
    assert found == (163, 0.839, 0.214, 0.364, 2.457)


def test_the_last_quarter_is_partial_and_no_other(home: Settings) -> None:
    quarters = warehouse.read(
        home, "select distinct quarter_start from plan.fct_attainment where is_partial"
    )
    assert quarters.to_series().to_list() == [date(2020, 4, 1)]


def test_seventeen_sellers_work_seventeen_territory_spells(home: Settings) -> None:
    assert ask(home, "select count(*) from core.dim_rep") == (17,)
    assert ask(home, "select count(*) from core.dim_territory_history") == (17,)


def test_five_sellers_were_hired_after_the_start_and_ramp(home: Settings) -> None:
    hired = warehouse.read(
        home,
        "select rep_id, hired_on from core.dim_rep where role = 'ae' "
        "and hired_on > date '2017-07-01' order by rep_id",
    )
    assert hired.rows() == [
        ("284", date(2018, 11, 1)),
        ("286", date(2019, 7, 1)),
        ("288", date(2019, 7, 1)),
        ("289", date(2018, 7, 1)),
        ("290", date(2018, 7, 1)),
    ]
    first = "select min(tenure_months) from core.fct_rep_month where rep_id = '284'"
    assert ask(home, first) == (0.0,)


def test_what_it_cannot_feed_is_said(home: Settings) -> None:
    missing = warehouse.read(
        home,
        "select capability from quality.rpt_input_coverage where not is_supplied "
        "order by 1",
    )
    assert missing.to_series().to_list() == [
        "account_territories",
        "credit_notes",
        "exchange_rates",
        "expenses",
        "geography",
        "leaves",
        "open_pipeline",
        "positions",
        "requisitions",
        "splits",
        "stage_history",
        "subscriptions",
        "terminations",
    ]


def test_orders_and_invoices_agree_to_the_cent(home: Settings) -> None:
    causes = "select count(*) from core.fct_reconciliation where cause <> 'none'"
    assert ask(home, causes) == (0,)
