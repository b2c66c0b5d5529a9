"""A home with a ledger and a warehouse as dbt leaves it, small enough to read."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.files import write_parquet
from pipelines.ledger.content import canonical
from pipelines.ledger.store import Ledger
from pipelines.publication.copying import PROMISED
from pipelines.publication.plan_book import write_plan_book
from pipelines.settings import Settings

NIGHT = date(2026, 4, 12)


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """A night was run: reference, an empty plan book, a full warehouse."""
    settings = Settings(home=tmp_path / "home")
    settings.home.mkdir()
    write_run(settings, NIGHT)
    write_plan_book(settings)
    write_warehouse(settings, NIGHT)
    return settings


def write_run(settings: Settings, night: date) -> None:
    run = {
        "as_of": [night],
        "data_through": [night],
        "policy_hash": ["p1"],
        "company": ["Acme"],
        "currency": ["USD"],
    }
    write_parquet(pl.DataFrame(run), settings.reference / "run.parquet")


def write_warehouse(settings: Settings, night: date, *, rows: int = 5) -> None:
    """Every table holds the same rows, stamped with the night."""
    settings.warehouse.unlink(missing_ok=True)
    with duckdb.connect(settings.warehouse) as connection:
        for name in PROMISED:
            schema, table = name.split(".")
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(
                f"create table {schema}.{table} as select 'R' || i as rep_id, "
                f"i * 100 as cents, date '{night}' as as_of "
                f"from range({rows}) as r(i) order by hash(i)"
            )
        connection.execute("drop table drift.fct_drift_breach")
        connection.execute(
            "create table drift.fct_drift_breach as select "
            "'rep_left:R2:2026-04-10' as breach_key, 'rep_left' as metric, "
            "'rep' as node_level, 'R2' as node_id, 'below' as direction, "
            "date '2026-04-10' as first_seen_on, 'rep:R2' as scope, "
            "'territories,quotas' as asks_for, 'R2 left' as cause, "
            f"'open' as state, 1 as plan_version, date '{night}' as as_of"
        )
        connection.execute("create schema restricted; create schema staging")
        connection.execute(
            "create table restricted.dim_rep_identity as "
            "select 'R1' as rep_id, 'r1@example.com' as email"
        )
        connection.execute("create table staging.secret as select 1 as x")
        connection.execute("comment on table core.dim_rep is 'A rep''s life.'")
        connection.execute("comment on column core.dim_rep.cents is 'US cents'")


@pytest.fixture
def ledger(home: Settings) -> Ledger:
    return Ledger(
        home.ledger_url, clock=lambda: datetime(2026, 4, 1, 9, 30, tzinfo=UTC)
    )


@pytest.fixture
def publish_plan(ledger: Ledger) -> Callable[..., Any]:
    """Propose, approve and publish a plan with the books given."""

    def through(
        owners: dict[str, str],
        *,
        start: date = date(2026, 1, 1),
        parent_version: int | None = None,
        **content: Any,
    ) -> Any:
        books = pl.DataFrame(
            [
                {
                    "account_id": account,
                    "rep_id": rep,
                    "segment_id": "smb",
                    "valid_from": start,
                }
                for account, rep in owners.items()
            ]
        )
        empty = canonical({})["assignment"]
        plan = ledger.propose(
            {
                "assignment": pl.concat([empty, books], how="diagonal_relaxed"),
                **content,
            },
            scenario="base",
            title="plan of 2026",
            as_of=start,
            effective_from=start,
            effective_to=date(2026, 12, 31),
            proposed_by="ana",
            why="first plan",
            policy_hash="p1",
            input_hash="i1",
            code_hash="c1",
            parent_version=parent_version,
        )
        ledger.approve(plan.version, "bo")
        return ledger.publish(plan.version, "bo")

    return through
