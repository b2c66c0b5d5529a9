"""Deliveries that are overdue or of an odd size are found, as contracts promise."""

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.slow

NIGHT = date(2026, 6, 15)


def found(built, test: str, loads: list[tuple[str, int, int]]) -> list[str]:
    """Run one of dbt's own tests on loads: contract, nights ago, rows read."""
    (path,) = Path(built.settings.dbt_target, "compiled").rglob(f"{test}.sql")
    with duckdb.connect() as db:
        db.execute("attach ':memory:' as warehouse; use warehouse")
        db.execute("create schema staging")
        db.execute(
            "create table staging.stg_reference__run as select ? as as_of", [NIGHT]
        )
        db.execute(
            "create table staging.stg_quality__loads (contract varchar, known_on date, "
            "rows_read bigint, delivery varchar, is_refused boolean)"
        )
        db.executemany(
            "insert into staging.stg_quality__loads values (?, ?, ?, 'full', false)",
            [(name, NIGHT - timedelta(days=ago), rows) for name, ago, rows in loads],
        )
        rows = db.execute(path.read_text("utf-8")).fetchall()
    return sorted(str(row[0]) for row in rows)


def test_a_delivery_is_overdue_when_its_own_contract_says_so(built) -> None:
    test = "stg_quality__loads__no_delivery_is_overdue"
    loads = [
        ("crm-users", 3, 1),
        ("crm-accounts", 4, 1),
        ("finance-actuals", 51, 1),
        ("crm-crosswalk", 366, 1),
    ]
    assert found(built, test, loads) == ["crm-accounts", "crm-crosswalk"]
    assert found(built, test, [*loads, ("crm-accounts", 0, 1)]) == ["crm-crosswalk"]


def test_a_delivery_of_half_or_twice_the_usual_rows_is_odd(built) -> None:
    test = "stg_quality__loads__no_delivery_is_half_or_twice_the_usual"
    before = [("crm-users", ago, 100) for ago in (3, 2, 1)]
    assert found(built, test, [*before, ("crm-users", 0, 50)]) == []
    assert found(built, test, [*before, ("crm-users", 0, 49)]) == ["crm-users"]
    assert found(built, test, [*before, ("crm-users", 0, 201)]) == ["crm-users"]
    # two nights are too few to know what is usual
    assert found(built, test, [*before[1:], ("crm-users", 0, 1)]) == []
