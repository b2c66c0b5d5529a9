"""The review pages: what each shows, with a company, an empty one and none."""

import re
import shutil
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from data_contracts.approval import Approval, ApprovalLevel
from pipelines.ledger.store import Ledger
from pipelines.serving.home import make_home
from pipelines.serving.web.changes import balance, bridge, steps
from pipelines.serving.web.views.home import chances
from pipelines.settings import Settings
from tests.pipelines.serving.web.conftest import (
    Browser,
    browser_of,
    content,
    make_tables,
    propose,
    publish_night,
    put,
)

PATHS = [
    "/",
    "/drift",
    "/plans",
    "/plans/1",
    "/plans/2",
    "/territories",
    "/capacity",
    "/quotas",
    "/forecasts",
    "/data",
    "/reps",
    "/reps/R1",
    "/accounts/A1",
    "/rows",
    "/rows/plan.fct_plan_quota",
]


@pytest.fixture(scope="module")
def local(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """Somebody at this machine, where nobody has an account."""
    home = tmp_path_factory.mktemp("local") / "home"
    shutil.copytree(built, home)
    (home / "accounts.sqlite").unlink()
    return browser_of(Settings(home))


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_every_page_says_night_version_and_currency(path: str, local: Browser) -> None:
    found = local.get(path)
    assert found.status_code == 200
    assert "As of 2026-04-12" in found.text
    assert "amounts in USD" in found.text
    assert '<a href="/plans/1">version 1</a>, 2026-01-01 to 2026-12-31' in found.text
    assert "Acme &amp; Sons" in found.text
    assert "Read-only: nobody was given an account yet" in found.text


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_no_page_holds_script_or_asks_anything_from_elsewhere(
    path: str, local: Browser
) -> None:
    text = local.get(path).text
    assert "<script" not in text.lower()
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', text)
    assert "style=" not in text  # the policy would refuse it


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_every_table_has_its_unit_night_csv_and_rows(path: str, local: Browser) -> None:
    text = local.get(path).text
    tables = re.findall(r"<section id=\"(\w+)\"(.*?)</section>", text, re.DOTALL)
    shown = [(name, body) for name, body in tables if "<table>" in body]
    assert shown
    for name, body in shown:
        assert "<caption id=" in body
        assert "As of 2026-04-12" in body
        link = re.search(r'href="([^"]*[?&]csv=' + name + r'[^"]*)"', body)
        assert link, name
        assert "rows behind it" in body or name in THEMSELVES, name
        found = local.get(link.group(1).replace("&amp;", "&"))
        heads = found.text.splitlines()[0].split(",")
        assert len(heads) == body.count('scope="col"')
        for money in re.findall(r">([^<>]+) <span class=\"unit\">USD", body):
            assert f"{money.replace(' ', '_')}_cents" in heads


THEMSELVES = {
    *("rows", "tables", "contracts", "versions", "said", "events"),
    *("sums", "differences"),  # their lines say which component they are of
}
"""Tables that are the rows, with nothing behind them."""


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_pages_only_read(path: str, local: Browser) -> None:
    assert local.post(path).status_code == 405


def test_home_shows_plan_actual_outlook_and_what_waits(local: Browser) -> None:
    text = local.get("/").text
    assert "an approver who did not propose it" in text
    assert "12,000.00" in text  # plan of the year: 12 x 1,000.00
    assert "90.0 % of the plan to date" in text  # 2,700.00 of 3,000.00
    assert "11,250.00" in text  # 2,700.00 booked + 9 months at 950.00
    assert "P(plan met)" in text


@pytest.mark.slow
def test_home_names_the_level_that_a_version_waits_for(open_home: Settings) -> None:
    finance = ApprovalLevel(name="finance", approvers=("app@example.com",))
    levels = Approval(levels=(finance,))
    propose(Ledger(open_home.ledger_url), moved=True, parent=1, approval=levels)
    text = browser_of(open_home).get("/").text
    assert "waits for level &#39;finance&#39;: app@example.com" in text


def test_the_chance_of_the_year_lies_between_its_two_cases() -> None:
    # one month of P10 80, P50 100, P90 120 to reach 100 more: a coin's throw
    assert chances(200, 100, [(80, 100, 120)]) == (0.5, 0.5)
    # two such months, 20 short in all: spread 15.6 each, 22.1 or 31.2 together
    low, high = chances(220, 0, [(80, 100, 120), (80, 100, 120)])
    assert low == pytest.approx(0.1825, abs=0.001)
    assert high == pytest.approx(0.2608, abs=0.001)


@pytest.mark.slow
def test_home_shows_the_simulated_chance_where_the_night_has_one(
    open_home: Settings,
) -> None:
    with duckdb.connect(open_home.serving_copy) as connection:
        put(
            connection,
            "forecast.fct_plan_odds",
            plan_version=1,
            node_level="company",
            node_id="company",
            months_count=12,
            met_share=0.375,
        )
    text = browser_of(open_home).get("/").text
    assert "37.5 %" in text
    assert "simulated over 12 months" in text


def test_a_cause_is_shown_as_text_never_as_markup(local: Browser) -> None:
    assert "&lt;b&gt;R2&lt;/b&gt; left" in local.get("/drift").text


def test_a_breach_and_a_series_lead_to_their_history(local: Browser) -> None:
    text = local.get("/drift").text
    link = re.search(r'href="(/drift\?metric[^"]+)"', text)
    assert link
    found = local.get(link.group(1).replace("&amp;", "&")).text
    assert "History of attainment, company company" in found
    assert "4.2 %" in found  # statistic 1 of limit 24


@pytest.mark.parametrize("node", ["company", "smb", "emea", "smb/emea"])
def test_a_fan_stands_beside_bookings_of_what_is_planned(
    node: str, local: Browser
) -> None:
    level = {"company": "company", "smb": "segment", "emea": "region"}.get(node, "cell")
    found = local.get(f"/forecasts?level={level}&node={node}&csv=fan").text
    march = next(line for line in found.splitlines() if line.startswith("2026-03-01"))
    assert march.split(",")[1] == "5000"  # the renewal is no part of the plan


def test_causes_lead_from_plan_to_actual_to_the_cent(local: Browser) -> None:
    told = local.get("/drift?csv=causes").text.splitlines()[1:]
    steps = [line.split(",")[2:5] for line in told]
    assert steps == [
        ["plan", "100000", "100000"],
        ["deal_size", "-30000", "70000"],
        ["coverage", "5000", "75000"],
        ["actual", "75000", "75000"],
    ]
    page = local.get("/drift").text
    assert "/drift?draw=causes" in page
    # what a deal brought is money, and told as money
    assert "43,210.99" in page
    assert "32,109.88" in page
    assert "4321098" not in page
    # a node of which nothing is told has a table and no drawing
    other = local.get("/drift?metric=attainment&level=rep&node=R1").text
    assert "draw=causes" not in other


def test_what_is_watched_by_the_week_stands_beside_its_usual(local: Browser) -> None:
    told = local.get("/drift?csv=watch").text.splitlines()
    heads = told[0].split(",")
    rows = [dict(zip(heads, line.split(","), strict=True)) for line in told[1:]]
    assert [(row["node_id"], row["status"]) for row in rows] == [
        ("smb", "watch"),
        ("ent", "as usual"),
    ]
    assert [float(row["limit_share"]) for row in rows] == [1.0, 0.5]
    assert "75.0 %" in local.get("/drift").text  # of usual


def test_a_proposal_shows_what_moves_why_and_the_gap(local: Browser) -> None:
    text = local.get("/plans/2").text
    assert "feasible: at most 1.0 % dearer" in text
    assert "1 of 4 accounts change hands (25.0 %)" in text
    assert "1,800.00 USD of potential a year (20.0 %)" in text
    assert "Against version 1" in text
    assert "anybody but who proposed it" in text


def test_books_before_and_after_hold_the_same_potential() -> None:
    books = balance(content(moved=True))
    assert books["before_cents"].sum() == books["after_cents"].sum() == 900_000
    rows = {row["rep_id"]: row for row in books.iter_rows(named=True)}
    assert rows["R2"]["after_cents"] == 0
    assert (rows["R3"]["before_cents"], rows["R3"]["after_cents"]) == (270_000, 450_000)
    assert rows["R3"]["accounts_after_count"] == 2


def test_a_quota_bridge_closes() -> None:
    steps = bridge(content(moved=False), content(moved=True), "rep_id")
    change = dict(zip(steps["rep_id"], steps["change_cents"], strict=True))
    assert change == {"R1": 0, "R2": -10_800, "R3": 10_800, "R4": 0}
    assert (steps["before_cents"] + steps["change_cents"]).equals(
        steps["after_cents"].alias("before_cents")
    )
    first = bridge(None, content(moved=True), "segment_id")
    assert first["before_cents"].to_list() == [0]


def test_steps_of_quotas_sum_to_the_quotas_of_the_months_both_plan() -> None:
    def of(version: int, month: date, *cents: int) -> list[tuple[object, ...]]:
        names = ("even_share", "potential", "rounding")
        return [
            (version, "R1", month, order, names[order], amount)
            for order, amount in enumerate(cents)
        ]

    kept = pl.DataFrame(
        [
            *of(1, date(2026, 1, 1), 100, 20, 1),
            *of(1, date(2026, 2, 1), 100, 30, 0),
            *of(2, date(2026, 2, 1), 110, -10, 2),
        ],
        schema=["version", "rep_id", "month_start", "step_order", "step", "cents"],
        orient="row",
    )
    found = steps(kept, 2, 1)
    assert found.rows() == [
        ("even share", 100, 110, 10),
        ("potential", 30, -10, -40),
        ("rounding", 0, 2, 2),
    ]
    assert steps(kept, 2, None)["before_cents"].to_list() == [0, 0, 0]
    assert steps(kept, 3, 1).is_empty()


@pytest.mark.slow
def test_a_rep_sees_the_steps_of_the_own_quota(open_home: Settings) -> None:
    with duckdb.connect(open_home.serving_copy) as connection:
        for order, (step, cents) in enumerate(
            {"even_share": 100_000, "potential": -2_000, "rounding": 50}.items()
        ):
            for month in (1, 2):
                put(
                    connection,
                    "plan.fct_plan_quota_bridge",
                    plan_version=1,
                    rep_id="R1",
                    month_start=date(2026, month, 1),
                    step_order=order,
                    step=step,
                    cents=cents,
                )
    found = browser_of(open_home).get("/reps/R1?csv=quota_steps").text
    assert found.splitlines()[1:] == [
        "even share,200000,200000",
        "potential,-4000,196000",
        "rounding,100,196100",
    ]


def test_rows_behind_a_number_page_on_and_say_what_columns_mean(
    local: Browser,
) -> None:
    first = local.get("/rows/plan.fct_plan_quota?where=rep_id:R1").text
    assert "12 rows" in first
    assert "What the columns mean" in first
    assert "Rows after" not in first
    whole = local.get("/rows/core.dim_fiscal_period?offset=5").text
    assert "from 6" in whole
    assert "Rows before" in whole
    strange = local.get("/rows/plan.fct_plan_quota?where=month_start:soon")
    assert strange.status_code == 400
    assert "YYYY-MM-DD" in strange.text


def test_a_download_too_large_says_where_else_the_rows_are(
    local: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = "/rows/plan.fct_plan_quota?csv=rows"
    assert len(local.get(asked).text.splitlines()) == 1 + 48
    monkeypatch.setattr("pipelines.serving.web.views.rows.MOST_DOWNLOADED", 47)
    found = local.get(asked)
    assert found.status_code == 400
    assert "48 rows of plan.fct_plan_quota fit" in found.text
    one = local.get(f"{asked}&where=rep_id:R1")
    assert len(one.text.splitlines()) == 1 + 12


def test_a_version_that_does_not_exist_is_a_page_that_says_so(local: Browser) -> None:
    found = local.get("/plans/9")
    assert found.status_code == 404
    assert "plan version 9 does not exist" in found.text
    assert "Fix: use one of 1, 2" in found.text
    assert local.get("/plans/soon").status_code == 422
    assert local.get("/nowhere").status_code == 404


def test_before_the_first_night_pages_say_what_to_run(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "home")
    make_home(settings)
    found = browser_of(settings).get("/")
    assert found.status_code == 503
    assert "was never refreshed" in found.text


def test_a_copy_of_another_release_is_a_page_that_says_so(open_home: Settings) -> None:
    with duckdb.connect(open_home.serving_copy) as connection:
        connection.execute("drop table drift.rpt_drift_board")
    found = browser_of(open_home).get("/drift")
    assert found.status_code == 503
    assert "aop refresh" in found.text


@pytest.mark.slow
def test_every_page_of_an_empty_company_says_that_it_is_empty(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "home")
    make_home(settings)
    settings.serving.mkdir()
    with duckdb.connect(settings.serving_copy) as connection:
        make_tables(connection)
        publish_night(connection, None)
    empty = browser_of(settings)
    for path in PATHS:
        found = empty.get(path)
        is_one = any(part in path for part in ("/plans/", "/reps/", "/accounts/"))
        assert found.status_code == (404 if is_one else 200), path
    assert "no plan is in force" in empty.get("/").text
    assert "No plan was published yet" in empty.get("/").text
    assert "Nothing was loaded yet." in empty.get("/data").text


def test_where_others_can_reach_the_pages_nobody_looks_without_an_account(
    open_home: Settings,
) -> None:
    assert browser_of(open_home, must_sign_in=True).get("/").status_code == 303


def test_nothing_outside_the_static_folder_is_served(local: Browser) -> None:
    assert local.get("/static/style.css").status_code == 200
    assert local.get("/static/../app.py").status_code == 404
