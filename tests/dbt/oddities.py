"""Rows as odd as the contracts let them be: blanks, orphans, deletions, leaps."""

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from data_contracts.contract import Column, ColumnType, ExtractContract, all_contracts

NIGHTS = [date(2026, 6, 1), date(2026, 6, 8), date(2026, 6, 14)]
WORDS = {
    "role": ["Seller", "Lead", "baker", "", "ae,manager"],
    "role_name": ["Seller", "Lead", "baker"],
    "segment": ["smb", "Enterprise", "nobody's"],
    "region": ["na", "emea", ""],
    "stage": ["open", "won", "unheard of"],
    "status": ["active", "canceled", "paid", "void", "past_due", "trialing"],
    "interval": ["month", "year"],
    "type": ["new", "expansion", "renewal"],
    "employee_number": ["E1", "E2", "E3", ""],
    "email": ["a@x.com", "A@X.com", ""],
}
FEW = 6  # ids of a kind, so that rows meet


def odd_rows(seed: int, rows: int = 25) -> dict[str, list[dict[str, Any]]]:
    """Return rows of every contract and several nights, the same for a seed."""
    dice = random.Random(seed)
    return {
        f"{contract.system}/{contract.table}": _table(contract, dice, rows)
        for contract in all_contracts()
    }


def _table(
    contract: ExtractContract, dice: random.Random, rows: int
) -> list[dict[str, Any]]:
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for _ in range(rows):
        row = {column.name: _value(column, dice) for column in contract.columns}
        for first, last in (
            ("period_start", "period_end"),
            ("started_at", "ended_at"),
            ("started_on", "ended_on"),
            ("start_date", "end_date"),
            ("hire_date", "termination_date"),
        ):
            if row.get(first) and row.get(last) and row[last] < row[first]:
                row[first], row[last] = row[last], row[first]
        row["_known_on"] = dice.choice(NIGHTS)
        row["_is_deleted"] = dice.random() < 0.15
        keys = (*contract.keys, "_known_on")
        found[tuple(row[key] for key in keys)] = row
    return list(found.values())


def _value(column: Column, dice: random.Random) -> Any:
    if not column.required and dice.random() < 0.35:
        return None
    if column.allowed:
        return dice.choice(column.allowed)
    day = date(2022, 1, 1) + timedelta(days=dice.randrange(2000))
    match column.type:
        case ColumnType.MONEY:
            return Decimal(dice.choice([0, 1, 333, 10**9])) + Decimal("0.0050")
        case ColumnType.DOUBLE:
            return dice.choice([0.0, 0.5, 1.0, 40.0])
        case ColumnType.INTEGER:
            return dice.choice([0, 10, 5000])
        case ColumnType.DATE:
            return day
        case ColumnType.TIMESTAMP:
            return datetime.combine(day, time(dice.randrange(24)))
        case ColumnType.BOOLEAN:
            return dice.random() < 0.5
        case _:
            words = WORDS.get(column.name)
            if words:
                return dice.choice(words)
            kind = "person" if column.name in _PEOPLE else column.name
            return f"{kind}-{dice.randrange(FEW)}"


_PEOPLE = {"user_id", "owner_id", "manager_id"}
