"""Planning's own record of what it decided about breaches, night by night."""

from dataclasses import asdict

import polars as pl

from data_contracts.plan import Kind
from data_contracts.replanning import DECISION_COLUMNS, Decision, Verdict
from pipelines.files import write_parquet
from pipelines.settings import Settings

_TYPES: dict[Kind, pl.DataType] = {
    Kind.TEXT: pl.String(),
    Kind.CENTS: pl.Int64(),
    Kind.SHARE: pl.Float64(),
    Kind.DATE: pl.Date(),
}
SCHEMA = {name: _TYPES[kind] for name, kind in DECISION_COLUMNS.items()}


def read_decisions(settings: Settings, breach_key: str | None = None) -> list[Decision]:
    """Return what was decided, about one breach or all, oldest first."""
    if not settings.decisions.is_file():
        return []
    frame = pl.read_parquet(settings.decisions)
    if breach_key is not None:
        frame = frame.filter(pl.col("breach_key") == breach_key)
    return [
        Decision(**{**row, "verdict": Verdict(row["verdict"])})
        for row in frame.sort("decided_on", "breach_key").iter_rows(named=True)
    ]


def keep_decision(settings: Settings, made: Decision) -> None:
    """Record a decision; the same breach on the same night is recorded once."""
    others = [
        one
        for one in read_decisions(settings)
        if (one.breach_key, one.decided_on) != (made.breach_key, made.decided_on)
    ]
    frame = pl.DataFrame([asdict(one) for one in (*others, made)], schema=SCHEMA)
    write_parquet(frame.sort("decided_on", "breach_key"), settings.decisions)
