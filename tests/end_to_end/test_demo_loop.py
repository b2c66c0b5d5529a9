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


def test_the_slipped_launch_is_a_breach_of_its_own(home: Path) -> None:
    metrics = {row["metric"] for row in told("drift", "--home", str(home))["breaches"]}
    assert {"rep_left", "launch_slipped"} <= metrics


def test_the_causes_of_each_node_sum_to_what_it_is_off_plan(home: Path) -> None:
    causes = told("drift", "--why", "--home", str(home))["causes"]
    nodes = {(row["node_level"], row["node_id"]) for row in causes}
    assert any(level == "company" for level, _ in nodes)
    for node in nodes:
        mine = [row for row in causes if (row["node_level"], row["node_id"]) == node]
        off_plan = mine[0]["actual_cents"] - mine[0]["plan_cents"]
        assert sum(row["amount_cents"] for row in mine) == off_plan
        assert {"coverage", "productivity"} & {row["cause"] for row in mine}


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
