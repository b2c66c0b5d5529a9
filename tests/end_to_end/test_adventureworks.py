"""A real company, which nobody here wrote, through the commands of the README."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.settings import Settings
from tests.pipelines.serving.web.looking import faults, launched, needs_browser

DATA = Path(__file__).parents[3] / "shared" / "data" / "adventureworks"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("adventureworks"),
    pytest.mark.skipif(
        not DATA.is_dir(), reason=f"the AdventureWorks files are not at {DATA}"
    ),
]


def aop(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command as a user would."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "aop"), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
        timeout=600,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Initialise and refresh AdventureWorks once for all claims."""
    folder = tmp_path_factory.mktemp("adventureworks") / "home"
    made = aop(
        "init",
        "--home",
        str(folder),
        "--example",
        "adventureworks",
        "--data",
        str(DATA),
    )
    assert made.returncode == 0, made.stderr
    night = aop("refresh", "--home", str(folder), "--as-of", "2020-06-01")
    assert night.returncode == 0, night.stderr
    return folder


@pytest.fixture(scope="module")
def serving(home: Path) -> duckdb.DuckDBPyConnection:
    """Open what any analyst opens."""
    return duckdb.connect(str(home / "serving" / "aop.duckdb"), read_only=True)


def one(serving: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    row = serving.execute(sql).fetchone()
    assert row is not None
    return row


def test_quotas_and_bookings_are_those_of_the_files(
    serving: duckdb.DuckDBPyConnection,
) -> None:
    quotas = one(serving, "select sum(quota_cents) from plan.fct_attainment")
    assert quotas == (95_714_000_00,)
    booked = one(serving, "select sum(amount_cents) from core.fct_bookings")
    assert booked == (77_548_570_20,)


def test_the_eleven_full_quarters_reach_84_percent(
    serving: duckdb.DuckDBPyConnection,
) -> None:
    quarters, quota, bookings = one(
        serving,
        """
        select count(distinct quarter_start), sum(quota_cents), sum(bookings_cents)
        from plan.fct_attainment where not is_partial
        """,
    )
    assert (quarters, quota, bookings) == (11, 85_355_000_00, 72_005_871_91)
    assert round(bookings / quota, 4) == 0.8436


def test_there_are_163_rep_quarters_with_mean_attainment_0_839(
    serving: duckdb.DuckDBPyConnection,
) -> None:
    rows, mean = one(
        serving, "select count(*), avg(attainment_share) from plan.fct_attainment"
    )
    assert rows == 163
    assert round(mean, 3) == 0.839


def test_the_last_quarter_is_partial_and_no_other(
    serving: duckdb.DuckDBPyConnection,
) -> None:
    partial = serving.execute(
        "select distinct quarter_start::varchar from plan.fct_attainment "
        "where is_partial"
    ).fetchall()
    assert partial == [("2020-04-01",)]


def test_seventeen_sellers_and_their_seventeen_territory_spells(
    serving: duckdb.DuckDBPyConnection,
) -> None:
    assert one(serving, "select count(*) from core.dim_rep") == (17,)
    spells = serving.execute(
        "select rep_id, territory_id, valid_from::varchar, valid_to::varchar "
        "from core.dim_territory_history order by all"
    ).fetchall()
    assert len(spells) == 17
    # the swap of 275 and 277 at new year 2019, and 282's move from Canada to Britain
    assert ("275", "2", "2017-07-01", "2018-12-31") in spells
    assert ("277", "2", "2019-01-01", None) in spells
    assert ("282", "10", "2018-07-01", None) in spells
    # territory 1 lost 280 at the end of October 2018; 284 filled it the next day
    assert ("280", "1", "2017-07-01", "2018-10-31") in spells
    assert ("284", "1", "2018-11-01", None) in spells


def test_sellers_hired_after_the_start_form_ramp_cohorts(
    serving: duckdb.DuckDBPyConnection,
) -> None:
    hired = one(
        serving,
        """
        select count(*), min(first_tenure) from (
            select rep_id, min(tenure_months) as first_tenure
            from core.fct_rep_month
            where hired_on > date '2017-07-01' and role = 'ae'
            group by rep_id
        )
        """,
    )
    assert hired[0] == 5
    assert hired[1] < 1
    assert one(serving, "select count(*) from forecast.fct_ramp")[0] > 0


def test_status_lists_what_this_company_cannot_feed(home: Path) -> None:
    status = aop("status", "--home", str(home), "--json")
    assert status.returncode == 0, status.stderr
    text = json.dumps(json.loads(status.stdout)).lower()
    for missing in ("pipeline", "subscription", "terminat"):
        assert missing in text


def test_a_plan_for_the_next_fiscal_year_waits_for_approval(home: Path) -> None:
    listed = aop("plan", "list", "--home", str(home), "--json")
    (version,) = json.loads(listed.stdout)
    assert version["state"] == "proposed"
    assert version["effective_from"] == "2020-07-01"


@needs_browser
def test_every_page_shows_this_company(home: Path) -> None:
    with launched() as chromium:
        assert faults(Settings(home), chromium, width=1280) == []


def test_the_same_night_again_changes_no_number_and_proposes_nothing(
    home: Path,
) -> None:
    raw = {p: p.read_bytes() for p in sorted((home / "raw").rglob("*.parquet"))}
    again = aop("refresh", "--home", str(home), "--as-of", "2020-06-01")
    assert again.returncode == 0, again.stderr
    assert {p: p.read_bytes() for p in sorted((home / "raw").rglob("*.parquet"))} == raw
    listed = aop("plan", "list", "--home", str(home), "--json")
    assert len(json.loads(listed.stdout)) == 1
