"""The whole loop on the made-up company: planned, published, hit, re-planned."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.ledger.store import Ledger
from pipelines.settings import Settings
from tests.pipelines.serving.web.looking import faults, launched, needs_browser

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo_loop")]


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


def told(*arguments: str) -> Any:
    """Run a command with --json and return its one document."""
    answer = aop(*arguments, "--json")
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Play the demo once for all claims."""
    folder = tmp_path_factory.mktemp("demo") / "home"
    played = aop("demo", "--play", "--home", str(folder))
    assert played.returncode == 0, played.stderr[-2000:]
    (folder / "last_words.txt").write_text(played.stdout, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def serving(home: Path) -> duckdb.DuckDBPyConnection:
    """Open what any analyst opens."""
    return duckdb.connect(str(home / "serving" / "aop.duckdb"), read_only=True)


def test_the_demo_ends_by_saying_what_was_made_and_where_to_look(home: Path) -> None:
    words = (home / "last_words.txt").read_text(encoding="utf-8")
    last_ten = "\n".join(words.strip().splitlines()[-10:])
    assert "aop serve" in last_ten
    assert str(home) in last_ten


def test_the_open_file_holds_nobodys_pay_and_no_identifier_of_hr(home: Path) -> None:
    assert private_values(home / "serving") == []


def private_values(serving: Path) -> list[str]:
    """Return where the open file holds a value that only the other file may."""
    with duckdb.connect() as both:
        for name in ("aop", "aop_restricted"):
            both.execute(f"attach '{serving / name}.duckdb' as {name} (read_only)")
        both.execute(
            "create table hidden as from (unpivot (select worker_id, employee_number, "
            "email from aop_restricted.restricted.dim_rep_identity) on columns(*))"
        )
        both.execute(
            "create table pay as from (unpivot (select rep_id, base_cents, "
            "target_variable_cents, base_cents + target_variable_cents as total_cents "
            "from aop_restricted.restricted.fct_rep_pay) on columns(* exclude rep_id)) "
            "where value > 0"
        )
        columns = both.execute(
            "select schema_name || '.' || table_name, column_name, data_type, "
            "bool_or(column_name = 'rep_id') over (partition by schema_name, "
            "table_name) from duckdb_columns() where database_name = 'aop'"
        ).fetchall()
        assert both.execute("select count(*) > 20 from hidden").fetchone() == (True,)
        assert both.execute("select count(*) > 20 from pay").fetchone() == (True,)
        found = []
        for table, column, kind, is_by_rep in columns:
            if kind == "VARCHAR":
                same, many = f'select 1 from hidden where value = "{column}"', 0
            elif kind == "BIGINT" and is_by_rep:
                # a deal may happen to be worth what its rep earns; a column that
                # holds pay does so for everybody
                same, many = (
                    f'select 1 from pay where rep_id = t.rep_id and value = "{column}"',
                    0.05,
                )
            else:
                continue
            row = both.execute(
                f"select coalesce(avg(case when exists ({same}) then 1 else 0 end), 0) "
                f"from aop.{table} t"
            ).fetchone()
            assert row is not None
            if row[0] > many:
                found.append(f"{table}.{column}: {row[0]:.2%}")
    return found


@needs_browser
def test_every_page_shows_the_demo(home: Path) -> None:
    with launched() as chromium:
        assert faults(Settings(home), chromium, width=1280) == []


def test_the_first_plan_was_published_by_somebody_else_than_its_proposer(
    home: Path,
) -> None:
    first = told("plan", "list", "--home", str(home))[0]
    assert first["state"] == "published"
    assert first["decided_by"] != first["proposed_by"]


def test_the_leaver_is_a_breach_answered_by_a_proposal(home: Path) -> None:
    versions = told("plan", "list", "--home", str(home))
    answers = [v for v in versions if (v["breach_key"] or "").startswith("rep_left:")]
    assert [v["state"] for v in answers] == ["proposed"]
    assert answers[0]["parent_version"] == 1


def test_only_the_leavers_book_moves_in_the_answer(home: Path) -> None:
    versions = told("plan", "list", "--home", str(home))
    (answer,) = [v for v in versions if (v["breach_key"] or "").startswith("rep_left")]
    ledger = Ledger(Settings(home).ledger_url)
    before = ledger.lines(1, "assignment")
    after = ledger.lines(answer["version"], "assignment")
    joined = before.join(after, on="account_id", suffix="_after")
    left = answer["scope"].removeprefix("rep:")
    moved = joined.filter(joined["rep_id"] != joined["rep_id_after"])
    assert moved.height > 0
    assert set(moved["rep_id"]) == {left}
    assert left not in set(after["rep_id"])


def test_the_answer_keeps_every_months_quota_total(home: Path) -> None:
    ledger = Ledger(Settings(home).ledger_url)
    (answer,) = [
        v
        for v in ledger.versions()
        if v.breach_key and v.breach_key.startswith("rep_left")
    ]

    def by_month(version: int) -> dict[date, int]:
        lines = ledger.lines(version, "quota")
        totals = lines.group_by("month_start").agg(pl.sum("quota_cents"))
        return dict(totals.iter_rows())

    new, old = by_month(answer.version), by_month(1)
    assert new == {month: old[month] for month in new}


def test_a_launch_nothing_was_planned_on_slips_without_a_replan(home: Path) -> None:
    breaches = {
        row["metric"]: row for row in told("drift", "--home", str(home))["breaches"]
    }
    assert breaches["rep_left"]["verdict"] == "worth"
    slipped = breaches["launch_slipped"]
    assert (slipped["state"], slipped["verdict"]) == ("open", "not_worth")
    assert slipped["decision_why"].startswith(
        "not worth re-planning: gain 0.00 against"
    )
    assert slipped["gain_cents"] < slipped["cost_cents"]
    assert not slipped["is_due"]


def test_the_causes_of_each_node_sum_to_what_it_is_off_plan(home: Path) -> None:
    causes = told("drift", "--why", "--home", str(home))["causes"]
    nodes = {(row["node_level"], row["node_id"]) for row in causes}
    assert any(level == "company" for level, _ in nodes)
    for node in nodes:
        mine = [row for row in causes if (row["node_level"], row["node_id"]) == node]
        off_plan = mine[0]["actual_cents"] - mine[0]["plan_cents"]
        assert sum(row["amount_cents"] for row in mine) == off_plan
        assert {"coverage", "productivity"} & {row["cause"] for row in mine}


@pytest.mark.parametrize("ends", ["weekly-2026-05-31", "quarterly-2026-04-30"])
def test_the_night_wrote_the_reviews_of_periods_that_ended(
    ends: str, home: Path
) -> None:
    page = (home / "packs" / f"{ends}.html").read_text(encoding="utf-8")
    for heading in (
        "What changed", "Attainment and forecast", "Why", "What drifted",
        "Signals", "Proposals waiting", "Hiring", "Territory balance", "Data health",
        "Decisions since the last review",
    ):  # fmt: skip
        assert f"<h2>{heading}</h2>" in page
    assert "forecast P10 to P90" in page
    assert (home / "packs" / f"{ends}.pdf").read_bytes().startswith(b"%PDF-")


def test_a_review_asked_for_shows_what_waits_and_is_the_same_each_time(
    home: Path,
) -> None:
    made = told("pack", "monthly", "--home", str(home))
    first = Path(made["html"]).read_bytes(), Path(made["pdf"]).read_bytes()
    assert (made["begins"], made["ends"]) == ("2026-05-01", "2026-05-31")
    assert b"worth re-planning: gain" in first[0]
    again = told("pack", "monthly", "--home", str(home))
    assert first == (Path(again["html"]).read_bytes(), Path(again["pdf"]).read_bytes())


def test_quotas_add_up_to_the_company_in_every_month(
    serving: duckdb.DuckDBPyConnection,
) -> None:
    off = serving.execute(
        """
        with reps as (
            select plan_version, month_start, sum(quota_cents) as cents
            from plan.fct_plan_quota group by all
        ),
        nodes as (
            select plan_version, month_start, node_level, sum(value_cents) as cents
            from plan.fct_plan_target where measure = 'quota' group by all
        )
        select * from nodes inner join reps using (plan_version, month_start)
        where nodes.cents <> reps.cents
        """
    ).fetchall()
    assert off == []


def test_every_row_read_is_accounted_for(serving: duckdb.DuckDBPyConnection) -> None:
    lost = serving.execute(
        """
        select * from quality.fct_load
        where rows_read
            <> rows_loaded + rows_unchanged + rows_quarantined + rows_duplicate
        """
    ).fetchall()
    assert lost == []


def test_the_ledger_and_its_versions_verify(home: Path) -> None:
    checked = aop("verify", "--home", str(home))
    assert checked.returncode == 0, checked.stderr
