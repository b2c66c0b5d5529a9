"""A company of two branches as a night leaves it, its accounts, and a browser.

The tables have the columns and types that the marts' own contracts promise, so a
page that reads a column no mart has fails here.
"""

import asyncio
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import httpx
import polars as pl
import pytest
import yaml
from argon2 import PasswordHasher

from data_contracts.approval import Approval
from pipelines.files import write_parquet, write_text
from pipelines.ledger.bridges import scenario_bridge_file
from pipelines.ledger.content import canonical
from pipelines.ledger.store import Ledger
from pipelines.serving.home import make_home
from pipelines.serving.web.app import pages
from pipelines.serving.web.desk import Desk
from pipelines.serving.web.roles import Role
from pipelines.serving.web.users import Users
from pipelines.settings import Settings

NIGHT = date(2026, 4, 12)
MONTHS = [date(2026, month, 1) for month in range(1, 13)]
MARTS = Path(__file__).parents[4] / "dbt" / "models" / "marts"
PASSWORD = "correct horse battery"  # of every account below
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

SCRIPT = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://evil.example","open")'
PAY_SEEN = "987654.32"

# M1 leads R1 and R2; M2 leads R3 and R4; both answer to M0
REPS = {"R1": "M1", "R2": "M1", "R3": "M2", "R4": "M2", "M1": "M0", "M2": "M0"}
PEOPLE = {
    "vic@example.com": (Role.VIEWER, None),
    "ray@example.com": (Role.REP, "R1"),
    "mia@example.com": (Role.MANAGER, "M1"),
    "pla@example.com": (Role.PLANNER, None),
    "app@example.com": (Role.APPROVER, None),
    "bea@example.com": (Role.APPROVER, None),
    "ada@example.com": (Role.ADMIN, None),
}


def make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create every serving table, empty, as its contract says."""
    for file in sorted(MARTS.rglob("*.yml")):
        for model in (yaml.load(file.read_text(), yaml.CSafeLoader) or {}).get(
            "models", []
        ):
            schema = file.parent.name
            kinds = {one["name"]: one.get("data_type") for one in model["columns"]}
            if schema == "restricted" or not all(kinds.values()):
                continue
            columns = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
            connection.execute(f'create schema if not exists "{schema}"')
            connection.execute(f'create table "{schema}"."{model["name"]}" ({columns})')
    connection.execute("create schema meta")
    connection.execute(
        "create table meta.publication (as_of date, data_through date, "
        "plan_version integer, policy_hash varchar, company varchar, currency varchar)"
    )


def put(connection: duckdb.DuckDBPyConnection, table: str, **values: object) -> None:
    """Insert one row; columns not named are null."""
    if any(
        row[0] == "as_of" for row in connection.execute(f"describe {table}").fetchall()
    ):
        values = {"as_of": NIGHT} | values
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join("?" for _ in values)
    connection.execute(
        f"insert into {table} ({names}) values ({marks})", list(values.values())
    )


def publish_night(connection: duckdb.DuckDBPyConnection, version: int | None) -> None:
    put(
        connection,
        "meta.publication",
        data_through=NIGHT,
        plan_version=version,
        policy_hash="p",
        company="Acme & Sons",
        currency="USD",
    )


def _fill(connection: duckdb.DuckDBPyConnection) -> None:
    publish_night(connection, 1)
    for month in MONTHS:
        put(
            connection,
            "core.dim_fiscal_period",
            month_start=month,
            month_end=date(2026, month.month, 28),
            fiscal_year=2026,
            year_start=MONTHS[0],
            year_end=date(2026, 12, 31),
        )
        put(
            connection,
            "plan.fct_plan_vs_actual",
            plan_version=1,
            scenario="base",
            node_level="company",
            node_id="company",
            month_start=month,
            measure="bookings",
            plan_value=100_000.0,
            actual_value=None if month.month > 4 else 90_000.0,
            forecast_p10=80_000.0 if month.month >= 4 else None,
            forecast_p50=95_000.0 if month.month >= 4 else None,
            forecast_p90=120_000.0 if month.month >= 4 else None,
            is_partial=month.month == 4,
            is_in_force=True,
        )
    for number, (rep, manager) in enumerate(REPS.items(), start=1):
        put(
            connection,
            "core.dim_rep",
            rep_id=rep,
            name=f"Rep {rep}",
            manager_rep_id=manager,
            segment_id="smb",
            region_id="emea",
            is_active=True,
            is_quota_bearing=True,
        )
        if rep.startswith("M"):
            continue
        account = f"A{rep[1]}"
        put(
            connection,
            "core.dim_account",
            account_id=account,
            name={"A1": SCRIPT, "A3": FORMULA}.get(account, f"Account {account}"),
            owner_rep_id=rep,
            segment_id="smb",
            region_id="emea",
            latitude=48.0 + number,
            longitude=11.0 + number,
            bookings_12m_cents=1000 * number,
            open_pipeline_cents=500 * number,
        )
        put(
            connection,
            "plan.fct_plan_assignment",
            plan_version=1,
            scenario="base",
            account_id=account,
            rep_id=rep,
            segment_id="smb",
            valid_from=MONTHS[0],
            is_moved=False,
            reason="as it was",
            potential_cents=90_000 * number,
        )
        put(
            connection,
            "plan.fct_attainment",
            rep_id=rep,
            fiscal_year=2026,
            fiscal_quarter=2,
            quarter_start=date(2026, 4, 1),
            quota_cents=300_000,
            bookings_cents=100_000 * number,
            attainment_share=number / 3,
            is_partial=True,
            plan_version=1,
        )
        for month in MONTHS:
            put(
                connection,
                "plan.fct_plan_quota",
                plan_version=1,
                scenario="base",
                rep_id=rep,
                segment_id="smb",
                region_id="emea",
                month_start=month,
                quota_cents=110_000,
                base_cents=100_000,
                reason="capacity and potential",
            )
    for deal, amount in (("new", 5_000), ("renewal", 7_000)):
        put(
            connection,
            "core.fct_bookings",
            opportunity_id=deal,
            rep_id="R1",
            account_id="A1",
            segment_id="smb",
            region_id="emea",
            booked_on=date(2026, 3, 9),
            month_start=date(2026, 3, 1),
            booking_type=deal,
            is_in_plan=deal == "new",
            amount_cents=amount,
        )
    put(
        connection,
        "plan.fct_plan_capacity",
        plan_version=1,
        segment_id="smb",
        role="ae",
        month_start=MONTHS[0],
        heads=4.0,
        ramped_heads=3.5,
        capacity_cents=420_000,
        capacity_p10_cents=380_000,
        capacity_p90_cents=460_000,
    )
    put(
        connection,
        "plan.dim_plan_version",
        plan_version=1,
        in_force_from=MONTHS[0],
        is_in_force=True,
    )
    put(
        connection,
        "plan.fct_plan_compensation",
        plan_version=1,
        segment_id="smb",
        role="ae",
        month_start=MONTHS[0],
        heads=4.0,
        target_pay_cents=98_765_432,
        variable_cents=40_000_000,
    )
    put(
        connection,
        "plan.fct_plan_proof",
        plan_version=1,
        solver="compensation",
        node_id="ae",
        objective=987_654.32,
        statement=f"costs {PAY_SEEN}",
    )
    put(
        connection,
        "drift.fct_drift_breach",
        breach_key="rep_left:R2:2026-04-10",
        metric="rep_left",
        state="open",
        first_seen_on=date(2026, 4, 10),
        last_seen_on=NIGHT,
        scope="rep:R2",
        asks_for="territories,quotas",
        cause="<b>R2</b> left",
    )
    for statistic, month in enumerate(MONTHS[:3], start=1):
        put(
            connection,
            "drift.fct_drift_signal",
            metric="attainment",
            node_level="company",
            node_id="company",
            month_start=month,
            direction="below",
            tier="act",
            statistic=float(statistic),
            limit_value=24.0,
            is_alarm=False,
            is_silent=False,
            is_latest=statistic == 3,
        )
    for cause, cents in (("deal_size", -30_000), ("coverage", 5_000)):
        put(
            connection,
            "drift.fct_drift_cause",
            node_level="company",
            node_id="company",
            cause=cause,
            plan_version=1,
            plan_cents=100_000,
            actual_cents=75_000,
            amount_cents=cents,
            plan_factor=4_321_098.7 if cause == "deal_size" else None,
            actual_factor=3_210_987.6 if cause == "deal_size" else None,
            is_explained_by_company=False,
        )
    for node, is_told in (("smb", True), ("ent", False)):
        put(
            connection,
            "drift.fct_drift_watch",
            metric="pipeline_created",
            node_level="segment",
            node_id=node,
            week_start=date(2026, 4, 6),
            direction="below",
            actual_to_date=60.0,
            usual_to_date=80.0,
            statistic=312.0 if is_told else 156.0,
            limit_value=312.0,
            is_silent=False,
            is_alarm=is_told,
            is_explained_by_parent=False,
            cause="deals opened since 2026-02-02 are 75 % of usual",
            is_latest=True,
        )
    put(
        connection,
        "drift.rpt_drift_board",
        metric="attainment",
        node_level="company",
        node_id="company",
        status="on_plan",
        to_date_share=0.9,
        plan_version=1,
    )
    for horizon in range(1, 13):
        put(
            connection,
            "forecast.fct_bookings_forecast",
            node_level="company",
            node_id="company",
            month_start=date(2026, horizon, 1),
            horizon=horizon,
            p10_cents=8_000_000,
            p50_cents=9_500_000,
            p90_cents=12_000_000,
            model="batch",
            is_thin=False,
        )
    put(
        connection,
        "quality.fct_load",
        known_on=NIGHT,
        contract="crm-accounts",
        file="accounts.csv",
        rows_read=10,
        rows_loaded=9,
        rows_quarantined=1,
        is_refused=False,
    )
    for contract, column, value in (
        ("crm-opportunities", "amount", FORMULA),
        ("hris-compensation", "base", PAY_SEEN),
    ):
        put(
            connection,
            "quality.fct_quarantine",
            known_on=NIGHT,
            contract=contract,
            file="delivered.csv",
            line_number=7,
            rule_broken="not a number",
            column_name=column,
            value_found=value,
        )
    put(
        connection,
        "quality.rpt_input_coverage",
        capability="terminations",
        contract="hris-workers",
        what_is_not_computed="attrition from history",
        why="no worker has a termination date",
        is_supplied=False,
    )


def content(*, moved: bool) -> dict[str, pl.DataFrame]:
    """Four accounts, four reps, one year; A2 goes to R3 where `moved`."""
    accounts = ["A1", "A2", "A3", "A4"]
    return canonical(
        {
            "target": pl.DataFrame(
                {
                    "node_level": "company",
                    "node_id": "company",
                    "month_start": MONTHS * 2,
                    "measure": ["bookings"] * 12 + ["quota"] * 12,
                    "value_cents": [400_000] * 12 + [440_000] * 12,
                    "reason": "growth 10 %",
                }
            ),
            "assignment": pl.DataFrame(
                {
                    "account_id": accounts,
                    "rep_id": ["R1", "R3" if moved else "R2", "R3", "R4"],
                    "segment_id": "smb",
                    "valid_from": MONTHS[0],
                    "valid_to": date(2026, 12, 31),
                    "previous_rep_id": ["R1", "R2", "R3", "R4"],
                    "is_moved": [False, moved, False, False],
                    "reason": ["kept", SCRIPT if moved else "kept", "kept", "kept"],
                    "keep_cost_cents": 500,
                    "move_cost_cents": 700,
                    "next_best_rep_id": "R4",
                    "potential_cents": [90_000, 180_000, 270_000, 360_000],
                }
            ),
            "quota": pl.DataFrame(
                [
                    {
                        "rep_id": rep,
                        "segment_id": "smb",
                        "region_id": "emea",
                        "month_start": month,
                        "quota_cents": 110_000 + change * moved,
                        "base_cents": 100_000,
                        "reason": "capacity and potential",
                    }
                    for rep, change in (("R1", 0), ("R2", -900), ("R3", 900), ("R4", 0))
                    for month in MONTHS
                ]
            ),
            "compensation": pl.DataFrame(
                {
                    "segment_id": "smb",
                    "role": "ae",
                    "month_start": MONTHS,
                    "heads": 4.0,
                    "target_pay_cents": [98_765_432] + [0] * 11,
                    "variable_cents": [40_000_000] + [0] * 11,
                }
            ),
        }
    )


def propose(
    ledger: Ledger,
    *,
    moved: bool,
    parent: int | None = None,
    scenario: str = "base",
    is_draft: bool = False,
    approval: Approval | None = None,
) -> int:
    """Propose the year; return the version."""
    return ledger.propose(
        content(moved=moved),
        scenario=scenario,
        is_draft=is_draft,
        approval=approval,
        title="plan for 2026",
        as_of=NIGHT,
        effective_from=MONTHS[0],
        effective_to=date(2026, 12, 31),
        proposed_by="nightly-refresh",
        why="planned from the facts",
        policy_hash="p" * 64,
        input_hash="i" * 64,
        code_hash="c" * 64,
        parent_version=parent,
        territory_gap_share=0.01,
        territory_proof="feasible",
    ).version


def add_scenarios(settings: Settings) -> dict[str, int]:
    """Store two what-if runs as `aop scenario run` leaves them; return versions."""
    base = {"target_cents": 4_800_000, "target_pay_cents": 98_765_432, "hires_count": 3}
    found = {}
    for name, drivers in SCENARIOS.items():
        plan = propose(
            Ledger(settings.ledger_url), moved=True, scenario=name, is_draft=True
        )
        after = {
            measure: value + sum(step.get(measure, 0) for step in drivers.values())
            for measure, value in base.items()
        }
        steps = [
            {"driver": driver, "change": {m: step.get(m, 0) for m in base}}
            for driver, step in drivers.items()
        ]
        file = scenario_bridge_file(settings, plan)
        write_text(json.dumps({"base": base, "measures": after, "steps": steps}), file)
        found[name] = plan
    return found


SCENARIOS = {
    "downturn": {
        "demand": {"target_cents": -500_000},
        "hiring": {"hires_count": -2, "target_pay_cents": -1_000},
    },
    "push": {"demand": {"target_cents": 250_000}, "rounding": {"target_cents": -1}},
}
"""What each driver adds to the base, in the order it is applied."""


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after its night: version 1 is published, version 2 waits."""
    settings = Settings(tmp_path_factory.mktemp("pages") / "home")
    make_home(settings)
    run = {
        "as_of": [NIGHT],
        "data_through": [NIGHT],
        "company": ["Acme & Sons"],
        "currency": ["USD"],
    }
    write_parquet(pl.DataFrame(run), settings.reference / "run.parquet")
    settings.serving.mkdir()
    with duckdb.connect(settings.serving_copy) as connection:
        make_tables(connection)
        _fill(connection)
    ledger = Ledger(
        settings.ledger_url, clock=lambda: datetime(2026, 4, 1, 9, 30, tzinfo=UTC)
    )
    first = propose(ledger, moved=False)
    ledger.approve(first, "ana@example.com", "good")
    ledger.publish(first, "ana@example.com")
    propose(ledger, moved=True, parent=first)
    users = Users(settings, hasher=QUICK)
    for name, (role, rep) in PEOPLE.items():
        users.add(name, PASSWORD, role=role, rep_id=rep)
    return settings.home


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Settings:
    """The company, and people who may sign in."""
    shutil.copytree(built, tmp_path / "home")
    return Settings(tmp_path / "home")


@pytest.fixture
def open_home(home: Settings) -> Settings:
    """The company before anybody was given an account."""
    (home.home / "accounts.sqlite").unlink()
    return home


@dataclass
class Browser:
    """Ask the pages as a browser would: cookies kept, forms sent with their token."""

    desk: Desk
    app: Any
    host: str = "127.0.0.1"
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        async def once() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app=self.app),
                base_url=f"http://{self.host}",
                cookies=self.cookies,
            ) as client:
                found = await client.request(method, path, data=data, headers=headers)
                self.cookies = client.cookies
                return found

        return asyncio.run(once())

    def get(self, path: str) -> httpx.Response:
        return self.ask(path)

    def post(self, path: str, **data: str) -> httpx.Response:
        return self.ask(path, "POST", data=data)

    def become(self, name: str) -> "Browser":
        """Return a browser in which somebody has signed in."""
        user = self.desk.users.find(name)
        assert user is not None
        other = Browser(self.desk, self.app, self.host)
        other.cookies.set(self.desk.cookie, self.desk.sessions.begin(user))
        return other

    def token(self, path: str = "/") -> str:
        """Return the token that the forms of a page carry."""
        found = re.search(r'name="token" value="([^"]+)"', self.get(path).text)
        return found.group(1) if found else ""

    def decide(self, version: int, deed: str, **fields: str) -> httpx.Response:
        """Press a button on a version's page as it stands now."""
        text = self.get(f"/plans/{version}").text
        token = re.search(r'name="token" value="([^"]+)"', text)
        seen = re.search(r'name="seen" value="([^"]+)"', text)
        return self.post(
            f"/plans/{version}/decisions",
            deed=deed,
            **{
                "token": token.group(1) if token else "",
                "seen": seen.group(1) if seen else "",
                **fields,
            },
        )


def browser_of(settings: Settings, **options: Any) -> Browser:
    desk = Desk(settings, users=Users(settings, hasher=QUICK), **options)
    return Browser(desk, pages(settings, desk=desk))


@pytest.fixture
def browser(home: Settings) -> Browser:
    """Nobody has signed in; the home is this test's own."""
    return browser_of(home)


@pytest.fixture(scope="session")
def reading(built: Path) -> Browser:
    """Nobody has signed in; for tests that decide nothing."""
    return browser_of(Settings(built))


@pytest.fixture
def local(open_home: Settings) -> Browser:
    """Somebody at this machine, where nobody has an account."""
    return browser_of(open_home)
