"""Nights nothing can have changed: what stands is left standing, and it is said so.

Decided before anything runs, from facts on disk. In doubt a night is run whole.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import polars as pl

import pipelines
from data_contracts.errors import AopError, HomeError
from pipelines.files import write_text
from pipelines.ingestion.declared import load_sources
from pipelines.ingestion.delivered import digest_of_deliveries
from pipelines.ledger.queries import LedgerReader
from pipelines.publication import drift_signal
from pipelines.publication.plan_book import anchor
from pipelines.serving.dated_facts import first_dated_fact
from pipelines.serving.reading import ask
from pipelines.settings import Settings

_ROOT: Final = Path(str(pipelines.__file__)).parents[1]
_CODE: Final = (
    ("data_contracts", ("*.py", "*.yaml")),
    ("dagster_project", ("*.py",)),
    ("ml", ("*.py",)),
    ("pipelines", ("*.py",)),
    ("solvers", ("*.py",)),
    *((f"dbt/{part}", ("*",)) for part in ("models", "macros", "tests", "seeds")),
)
_LIBRARIES: Final = (
    *("dbt-core", "dbt-duckdb", "duckdb", "numpy", "ortools", "polars"),
    *("scikit-learn", "scipy"),
)


@dataclass(frozen=True, slots=True)
class LastNight:
    """The night run or looked at last, and the one the tables are of.

    ``is_whole`` is False while a whole night is under way, and after one broke off;
    ``files``, ``policy`` and ``code`` digest what it was begun with; ``why`` says of a
    quiet night that it was one, and is empty for a whole night.
    """

    night: date
    as_of: date
    is_whole: bool
    files: str = ""
    policy: str = ""
    code: str = ""
    why: str = ""


def read_last_night(settings: Settings) -> LastNight | None:
    """Return what the last night noted of itself, None before the first."""
    try:
        told: dict[str, Any] = json.loads(
            settings.last_night.read_text(encoding="utf-8")
        )
        days = {name: date.fromisoformat(told[name]) for name in ("night", "as_of")}
        return LastNight(**{**told, **days})
    except (OSError, ValueError, KeyError, TypeError):
        return None  # a night is run whole, and notes anew


def begin(settings: Settings, night: date) -> None:
    """Note that a whole night is under way; until it ends, none stands."""
    _write(settings, LastNight(night, night, is_whole=False))


def note_inputs(settings: Settings, night: date) -> None:
    """Note what a night that began is made from.

    Called before anything is landed: what arrives or is edited later is news to the
    next night.
    """
    _write(settings, _noted(settings, night))


def finish(settings: Settings, night: date) -> LastNight:
    """Note that a whole night ended well: its tables stand until something changes.

    Raises
    ------
    HomeError
        If it did not begin, or readers see the tables of another night.
    """
    begun = read_last_night(settings)
    shown = _shown(settings)
    if begun is None or begun.night != night or shown != night:
        raise HomeError(
            f"night {night} cannot end: readers see {shown}, and "
            f"{begun.night if begun else 'no night'} was begun",
            fix=f"run it whole: aop refresh --as-of {night} --whole",
        )
    ended = replace(begun, is_whole=True)
    _write(settings, ended)
    return ended


def leave_standing(settings: Settings, night: date) -> LastNight:
    """Note of a quiet night that nothing came and the tables are of an earlier one.

    Raises
    ------
    HomeError
        If something may have changed after all.
    """
    reason = why_whole(settings, night)
    last = read_last_night(settings)
    if reason or last is None:
        raise HomeError(
            f"night {night} is not a quiet one: {reason}",
            fix=f"run it whole: aop refresh --as-of {night}",
        )
    why = f"nothing changed since {last.as_of}, whose tables stand"
    quiet = replace(last, night=night, why=why)
    _write(settings, quiet)
    return quiet


def why_whole(settings: Settings, night: date) -> str:
    """Return why a night has to be run whole; empty where nothing can have changed.

    Parameters
    ----------
    settings : Settings
    night : date

    Returns
    -------
    str
        The first of: no whole night stands, or readers do not see it; the night is no
        later; a source has to be asked; files, policy, code, SQL or contracts differ;
        the ledger or planning's decisions hold what the plan book lacks; a breach
        waits; a date has come that changes tables of itself.
    """
    last = read_last_night(settings)
    if last is None or not last.is_whole:
        return "no whole night stands"
    if night <= last.as_of:
        return f"the tables are of {last.as_of} already"
    try:
        return _changed(settings, last, night)
    except AopError as error:  # the whole night says it to whoever runs it
        return error.what


def _changed(settings: Settings, last: LastNight, night: date) -> str:
    if not settings.warehouse.is_file() or _shown(settings) != last.as_of:
        return f"readers do not see the tables of {last.as_of}"
    asked = [one.name for one in load_sources(settings) if one.is_fetched]
    if asked:
        return f"source {asked[0]} has to be asked what it holds"
    now = _noted(settings, night)
    for name, said in (
        ("files", "files were delivered, changed or put away"),
        ("policy", "the policy was edited"),
        ("code", "code, SQL or contracts were changed"),
    ):
        if getattr(now, name) != getattr(last, name):
            return said
    return _undecided(settings) or first_dated_fact(settings, last.as_of, night)


def _undecided(settings: Settings) -> str:
    """Say what people or planning did that the tables do not show yet."""
    events = LedgerReader(settings.ledger_url).events()
    if (events[-1].hash if events else None) != anchor(settings):
        return "plan versions were proposed or decided on"
    kept, told = settings.decisions, settings.plan_book / "decisions.parquet"
    if kept.is_file() and not pl.read_parquet(kept).equals(pl.read_parquet(told)):
        return "planning decided about a breach"
    signal = drift_signal.read(settings)
    if signal is None or signal.as_of != _shown(settings):
        return "the drift signal is of another night"
    return f"breach {signal.due[0].key} waits for an answer" if signal.due else ""


def _shown(settings: Settings) -> date | None:
    if not settings.serving_copy.is_file():
        return None
    found = ask(settings, "select as_of from meta.publication")
    night: date | None = found[0]["as_of"] if found else None
    return night


def _noted(settings: Settings, night: date) -> LastNight:
    policy = hashlib.sha256(settings.policy_file.read_bytes()).hexdigest()
    return LastNight(
        night=night,
        as_of=night,
        is_whole=False,
        files=digest_of_deliveries(settings, night),
        policy=policy,
        code=digest_of_code(),
    )


def digest_of_code() -> str:
    """Digest everything a night runs: Python, SQL, contracts, library releases."""
    state = hashlib.sha256()
    for folder, patterns in _CODE:
        for pattern in patterns:
            for path in sorted((_ROOT / folder).rglob(pattern)):
                if path.is_file() and "__pycache__" not in path.parts:
                    state.update(path.relative_to(_ROOT).as_posix().encode())
                    state.update(path.read_bytes())
    for library in _LIBRARIES:
        state.update(f"{library}=={version(library)}".encode())
    return state.hexdigest()


def _write(settings: Settings, told: LastNight) -> None:
    text = json.dumps(asdict(told), default=str, indent=1)
    write_text(text + "\n", settings.last_night)
