"""The small file that tells the sensor what asks for a re-plan; nothing else."""

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from data_contracts.drift import Breach, BreachState, DriftMetric
from data_contracts.errors import HomeError
from pipelines.files import write_text
from pipelines.settings import Settings


@dataclass(frozen=True, slots=True)
class DriftSignal:
    """Every breach known on a night, whatever has been done about it."""

    as_of: date
    plan_version: int | None
    breaches: tuple[Breach, ...]

    @property
    def due(self) -> tuple[Breach, ...]:
        """Breaches planning is to look at now, widest scope first.

        What a whole company's re-plan answers need not be asked again for its parts.
        """
        ask = (each for each in self.breaches if each.is_due and each.asks_for)
        return tuple(sorted(ask, key=lambda each: each.scope != "company"))

    @property
    def open(self) -> tuple[Breach, ...]:
        """Breaches nobody has answered yet."""
        return tuple(each for each in self.breaches if each.state is BreachState.OPEN)


def write(settings: Settings) -> Path:
    """Write the breaches of the serving copy, oldest first, and return the file.

    Raises
    ------
    HomeError
        If nothing is published yet.
    """
    signal = _from_serving_copy(settings)
    shown = {
        "as_of": signal.as_of,
        "plan_version": signal.plan_version,
        "breaches": [asdict(each) for each in signal.breaches],
    }
    text = json.dumps(shown, default=str, ensure_ascii=False, indent=1)
    write_text(text + "\n", settings.drift_signal)
    return settings.drift_signal


def read(settings: Settings) -> DriftSignal | None:
    """Return the signal last written, None where none was.

    Raises
    ------
    HomeError
        If the file is not a signal.
    """
    try:
        text = settings.drift_signal.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        found = json.loads(text)
        return DriftSignal(
            as_of=date.fromisoformat(found["as_of"]),
            plan_version=found["plan_version"],
            breaches=tuple(_breach(each) for each in found["breaches"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise HomeError(
            f"{settings.drift_signal} is no drift signal: {error}",
            fix="delete it and publish again: aop refresh",
        ) from error


def _from_serving_copy(settings: Settings) -> DriftSignal:
    if not settings.serving_copy.is_file():
        raise HomeError(
            f"serving copy {settings.serving_copy} does not exist",
            fix="run the nightly job: aop refresh",
        )
    with duckdb.connect(settings.serving_copy, read_only=True) as connection:
        night = connection.execute(
            "select as_of, plan_version from meta.publication"
        ).fetchone()
        cursor = connection.execute(
            "select breach_key as key, * exclude (breach_key) "
            "from drift.fct_drift_breach order by first_seen_on, breach_key"
        )
        names = [column[0] for column in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    if night is None:
        raise HomeError(
            f"serving copy {settings.serving_copy} does not say which night it is",
            fix="publish again: aop refresh",
        )
    return DriftSignal(
        as_of=night[0],
        plan_version=night[1],
        breaches=tuple(
            _breach(
                {
                    **row,
                    "first_seen_on": str(row["first_seen_on"]),
                    "asks_for": [
                        part.strip()
                        for part in (row["asks_for"] or "").split(",")
                        if part.strip()
                    ],
                }
            )
            for row in found
        ),
    )


def _breach(row: dict[str, Any]) -> Breach:
    is_open = row["state"] == BreachState.OPEN
    return Breach(
        key=row["key"],
        metric=DriftMetric(row["metric"]),
        node_level=row["node_level"],
        node_id=row["node_id"],
        direction=row["direction"] or "",
        first_seen_on=date.fromisoformat(row["first_seen_on"]),
        scope=row["scope"] or "",
        asks_for=tuple(row["asks_for"]),
        cause=row["cause"] or "",
        state=BreachState(row["state"]),
        plan_version=row["plan_version"],
        statistic=float(row.get("statistic", 1.0)),
        is_due=bool(row.get("is_due", is_open and bool(row["asks_for"]))),
        verdict=row.get("verdict") or "",
        why=row.get("why") or row.get("decision_why") or "",
        tier=row.get("tier") or "act",
    )
