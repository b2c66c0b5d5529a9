"""One planning cycle by commands: compare, negotiate, approve, publish, move, go back.

Facts and forecasts are those of the small company of the planning tests, put in the
place of a warehouse; everything after them is real.
"""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

from data_contracts.policy import CompanyPolicy, load_policy
from pipelines.files import write_parquet
from pipelines.ledger.in_force import assignments_in_force
from pipelines.ledger.rollback import content_from
from pipelines.ledger.store import Ledger
from pipelines.planning import proposal
from pipelines.planning.inputs import Facts
from pipelines.planning.scenario_runs import measures_of
from pipelines.publication.plan_book import write_plan_book
from pipelines.serving import what_if
from pipelines.serving.cli import plan as plan_commands
from pipelines.serving.cli.main import app
from pipelines.serving.home import make_home
from pipelines.settings import Settings
from tests.pipelines.planning import conftest as small

pytestmark = pytest.mark.slow

runner = CliRunner()
LEVELS = [
    {"name": "revops", "approvers": ["bo"]},
    {"name": "leadership", "approvers": ["di"]},
]
LEFT = replace(small.LEFT, plan_version=4)


class World:
    """The home, and what planning reads of the world tonight."""

    def __init__(self, settings: Settings, facts: Facts, forecasts: Any) -> None:
        self.settings, self.facts, self.forecasts = settings, facts, forecasts

    def aop(self, *words: str) -> str:
        """Run a command; its output, or its error after a bang."""
        found = runner.invoke(app, [*words, "--home", str(self.settings.home)])
        return found.stdout if found.exit_code == 0 else f"! {found.stderr}"

    def told(self, *words: str) -> Any:
        return json.loads(self.aop(*words, "--json"))

    def approve_and_publish(self, version: int) -> None:
        number = str(version)
        assert "waits for level 'leadership'" in self.aop(
            "plan", "approve", number, "--as", "bo"
        )
        assert "is approved" in self.aop("plan", "approve", number, "--as", "di")
        assert "is published" in self.aop("plan", "publish", number, "--as", "di")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    settings = Settings(tmp_path / "home")
    make_home(settings)
    policy: CompanyPolicy = small.policy.__wrapped__()  # type: ignore[attr-defined]
    told = policy.model_dump(mode="json")
    told["approval"]["levels"] = LEVELS
    told["handover"]["holdover"]["expires_after_days"] = 30
    settings.policy_file.write_text(yaml.safe_dump(told))
    facts = replace(
        small.facts.__wrapped__(policy),  # type: ignore[attr-defined]
        policy=load_policy(settings.policy_file),
    )
    made = World(settings, facts, small.forecasts.__wrapped__(facts))  # type: ignore[attr-defined]
    for module in (proposal, what_if):
        monkeypatch.setattr(module, "read_facts", lambda _settings: made.facts)
        monkeypatch.setattr(module, "read_forecasts", lambda _settings: made.forecasts)
    monkeypatch.setattr(proposal.replan, "all_breaches", lambda _settings: [LEFT])

    class Published:
        def publish(self, home: Settings, _progress: object) -> None:
            write_plan_book(home)

    monkeypatch.setattr(plan_commands, "orchestrator", Published)
    run = {"as_of": [facts.as_of], "data_through": [facts.as_of]}
    write_parquet(pl.DataFrame(run), settings.reference / "run.parquet")
    return made


def write_scenario(world: World, name: str, **told: Any) -> None:
    folder = world.settings.scenarios
    folder.mkdir(exist_ok=True)
    text = yaml.safe_dump({"name": name, "why": f"what if {name}", **told})
    (folder / f"{name}.yaml").write_text(text)


def edit(path: Path, cells: dict[str, Any]) -> None:
    book = openpyxl.load_workbook(path)
    for place, value in cells.items():
        sheet, _, cell = place.partition("!")
        book[sheet][cell] = value
    book.save(path)


def row_of(path: Path, sheet: str, key: str) -> int:
    page = openpyxl.load_workbook(path)[sheet]
    return next(row for row in range(4, 60) if page.cell(row, 1).value == key)


def test_a_plan_lives_its_whole_life_by_commands(
    world: World, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    ledger = Ledger(world.settings.ledger_url)

    with subtests.test("two scenarios are drafts, and their bridges add up"):
        write_scenario(world, "slow", events={"hire_delay_months": 2})
        write_scenario(
            world,
            "bold",
            policy={"targets": {"growth_share": 0.4}},
            events={"demand_change_share": -0.1},
        )
        ran = world.told("scenario", "run", "--as", "ana", "--workers", "1")
        assert ran == [
            {"scenario": "bold", "version": 1},
            {"scenario": "slow", "version": 2},
        ]
        found = world.told("scenario", "compare")
        for row in found["measures"]:
            for name in ("bold", "slow"):
                steps = [
                    step["change"]
                    for step in found["bridges"][name]
                    if step["measure"] == row["measure"]
                ]
                assert row["base"] + sum(steps) == row[name]
        assert "base to bold" in world.aop("scenario", "compare", "bold")

    with subtests.test("a proposal goes out as a workbook and its edits come back"):
        assert "version 3 is proposed" in world.aop("plan", "propose", "--as", "ana")
        book = tmp_path / "plan.xlsx"
        world.aop("plan", "export", "3", "--xlsx", str(book))
        account, rep = row_of(book, "Books", "a00"), row_of(book, "Quotas", "r2")
        edit(book, {f"Books!E{account}": "r2"})
        assert f"Books!F{account}: say why" in world.aop(
            "plan", "import", str(book), "--as", "eve"
        )
        assert world.told("plan", "overrides") == []
        quota = ledger.lines(3, "quota").filter(pl.col("rep_id") == "r2")
        wanted = int(quota["quota_cents"].sum()) // 100 - 500
        edit(
            book,
            {
                f"Books!F{account}": "knows their buyer",
                f"Quotas!G{rep}": wanted,
                f"Quotas!I{rep}": "three months part time",
            },
        )
        assert "2 overrides hold" in world.aop(
            "plan", "import", str(book), "--as", "eve"
        )

    with subtests.test("the first proposal is rejected, the next keeps the edits"):
        assert "without a reason" in world.aop("plan", "reject", "3", "--as", "bo")
        world.aop("plan", "reject", "3", "--as", "bo", "--note", "eve's edits first")
        told = world.aop("plan", "propose", "--anew", "--as", "ana")
        assert "version 4 is proposed" in told
        books = ledger.lines(4, "assignment")
        owner = dict(books.select("account_id", "rep_id").iter_rows())
        assert owner["a00"] == "r2"
        quota = ledger.lines(4, "quota").filter(pl.col("rep_id") == "r2")
        assert int(quota["quota_cents"].sum()) == wanted * 100
        assert "kept, costs 280.00" in ledger.get(4).why
        steps = world.told("explain", "quota", "r2", "--version", "4")
        assert sum(step["cents"] for step in steps["bridge"]) == wanted * 100
        by_hand = steps["bridge"][-1]
        # more than 500, for the account that r2 got would have brought quota along
        assert (by_hand["step"], by_hand["cents"] < -500_00) == ("by_hand", True)

    with subtests.test("the stated price is found when the move is not made"):
        forced = world.told("explain", "account", "a00", "--force", "--version", "4")
        assert (forced["kept_rep_id"], forced["price_cents"]) == ("r1", -280_00)
        assert "fixed by eve: knows their buyer" in world.aop("explain", "version", "4")
        assert "by hand" in world.aop("explain", "quota", "r2", "--version", "4")

    with subtests.test("two levels sign, and the proposer at neither"):
        assert "may not approve it" in world.aop("plan", "approve", "4", "--as", "ana")
        world.approve_and_publish(4)

    with subtests.test("a leaver's book moves in April and open deals by the rule"):
        reps = world.facts.reps.with_columns(
            is_active=pl.col("is_active") & (pl.col("rep_id") != "r1")
        )
        night = date(2026, 3, 10)
        world.facts = replace(world.facts, as_of=night, reps=reps)
        told = world.aop("plan", "propose", "--breach", LEFT.key, "--as", "ana")
        assert "version 5 is proposed" in told
        world.approve_and_publish(5)
        serve_deals(world.settings, left_on=None)
        world.aop("plan", "export", "5", "--outbox")
        owned = pl.read_csv(
            world.settings.outbox / "5" / "handover" / "opportunities.csv"
        )
        assert owned.select("rep_id", "valid_from", "valid_to").rows() == [
            ("r1", "2026-04-01", "2026-04-30"),
            ("r2", "2026-05-01", "2026-12-31"),
        ]
        serve_deals(world.settings, left_on="2026-03-10")  # who left holds nothing
        world.aop("plan", "export", "5", "--outbox")
        owned = pl.read_csv(
            world.settings.outbox / "5" / "handover" / "opportunities.csv"
        )
        assert owned["rep_id"].to_list() == ["r2"]

    with subtests.test("going back is a version that is approved like any other"):
        words = ("plan", "rollback", "4", "--from", "2026-07-01", "--as", "ana")
        told = world.aop(*words, "--note", "r1 came back")
        assert "version 6 is proposed" in told
        assert "r1 came back; undoes version 5" in ledger.get(6).why
        world.approve_and_publish(6)

    with subtests.test("what going back undoes adds up in every measure"):
        told = world.told("explain", "version", "6")["bridge"]
        drivers = {row["driver_order"]: row["driver"] for row in told}
        assert drivers[1].startswith("undo version 5")
        now = measures_of(ledger.content(6))
        held = measures_of(content_from(ledger.content(5), date(2026, 7, 1)))
        for measure, value in now.items():
            changes = [row["change"] for row in told if row["measure"] == measure]
            assert (changes[0], sum(changes)) == (held[measure], value)
        assert any(row["change"] for row in told if row["driver_order"] == 1)

    with subtests.test("every account has one owner on every day of the year"):
        spells = assignments_in_force(ledger).sort("account_id", "valid_from")
        days = (pl.col("valid_to") - pl.col("valid_from")).dt.total_days() + 1
        sums = spells.group_by("account_id").agg(days.sum())
        assert set(sums["valid_to"]) == {365}
        overlap = spells.filter(
            pl.col("valid_from") <= pl.col("valid_to").shift(1).over("account_id")
        )
        assert overlap.is_empty()

    with subtests.test("a plan made anew may keep steps of a version"):
        anew = ("plan", "propose", "--anew", "--as", "ana", "--of", "4")
        assert "no step 'weather'" in world.aop(*anew, "--keep", "weather")
        assert "version 7 is proposed" in world.aop(*anew, "--keep", "quotas")
        assert "quotas kept of version 4" in ledger.get(7).why
        months = ledger.lines(7, "quota")["month_start"].unique()
        was = ledger.lines(4, "quota").filter(pl.col("month_start").is_in(months))
        assert ledger.lines(7, "quota").equals(was)

    with subtests.test("every quota's steps are in the plan book and sum to it"):
        write_plan_book(world.settings)
        book = world.settings.plan_book
        by = ["version", "rep_id", "month_start"]
        steps = pl.read_parquet(book / "quota_bridges.parquet")
        sums = steps.group_by(by).agg(quota_cents=pl.col("cents").sum()).sort(by)
        quotas = pl.read_parquet(book / "quota.parquet")
        told = quotas.filter(pl.col("version").is_in([4, 5])).sort(by)
        assert sums.rows() == told.select(*by, "quota_cents").rows()
        bridge = pl.read_parquet(book / "scenario_bridges.parquet")
        assert set(bridge["scenario"]) == {"bold", "slow", "base"}
        assert set(bridge.filter(pl.col("scenario") == "base")["version"]) == {6}

    with subtests.test("every version computed here comes out again"):
        for number in ("1", "2", "3", "4", "5", "7"):
            assert "the same bytes" in world.aop("verify", number)
        assert "every digest holds" in world.aop("verify")


def serve_deals(settings: Settings, *, left_on: str | None) -> None:
    """Put one open deal of a moved account into the serving copy."""
    settings.serving_copy.unlink(missing_ok=True)
    settings.serving.mkdir(exist_ok=True)
    left = f"date '{left_on}'" if left_on else "null::date"
    with duckdb.connect(settings.serving_copy) as connection:
        connection.execute(
            "create schema core; "
            f"create table core.dim_rep as select 'r1' as rep_id, 'Ann' as name, "
            f"{left} as left_on, null::varchar as manager_rep_id; "
            "create table core.dim_account as select "
            "'a02' as account_id, 'r1' as owner_rep_id; "
            "create table core.fct_opportunity as select 'O1' as opportunity_id, "
            "'a02' as account_id, date '2026-02-01' as opened_on, "
            "'proposal' as stage, 100::bigint as amount_cents, false as is_closed, "
            "date '2026-03-10' as as_of"
        )
