"""Write the plan book: the ledger as Parquet, for dbt and for nobody else's edits."""

from typing import Final

import polars as pl

from data_contracts.plan import COMPONENTS, Kind
from data_contracts.replanning import DECISION_COLUMNS
from pipelines.files import write_parquet
from pipelines.ledger.bridges import quota_bridges, scenario_bridges
from pipelines.ledger.schema import frame_schema
from pipelines.ledger.store import Ledger
from pipelines.logs import logger
from pipelines.settings import Settings

_LOG: Final = logger(__name__)


def write_plan_book(settings: Settings) -> dict[str, int]:
    """Write every version, every event and the lines of versions ever published.

    Parameters
    ----------
    settings : Settings
        Its ledger is read as of one moment; files land in ``settings.plan_book``.

    Returns
    -------
    dict of str to int
        Rows by file: ``versions``, ``events``, ``decisions``, ``quota_bridges``,
        ``scenario_bridges``, each component. All exist afterwards, with zero typed
        rows before the first publication. The same home gives the same bytes.

    Raises
    ------
    LedgerError
        If the ledger cannot be read.
    """
    book = Ledger(settings.ledger_url).book()
    frames = {
        "versions": book.versions,
        "events": book.events,
        "decisions": _decisions(settings),
        "quota_bridges": quota_bridges(
            settings, {plan.version for plan in book.plans if plan.was_published}
        ),
        "scenario_bridges": scenario_bridges(settings, book.plans),
        **book.lines,
    }
    written = {
        name: write_parquet(frame, settings.plan_book / f"{name}.parquet")
        for name, frame in frames.items()
    }
    _LOG.info("plan book: %s", ", ".join(f"{n} {rows}" for n, rows in written.items()))
    return written


def anchor(settings: Settings) -> str | None:
    """Return the hash of the newest event in the plan book, None where it has none.

    ``Ledger.verify(anchor=...)`` holds the ledger against it: events removed from
    its end leave a chain that is whole, but no longer holds this one.
    """
    events = settings.plan_book / "events.parquet"
    if not events.is_file():
        return None
    hashes = pl.read_parquet(events, columns=["hash"]).get_column("hash")
    return str(hashes[-1]) if hashes.len() else None


def _decisions(settings: Settings) -> pl.DataFrame:
    """Read what planning decided about breaches; nothing before the first one."""
    if settings.decisions.is_file():
        return pl.read_parquet(settings.decisions)
    return pl.DataFrame(schema=frame_schema(DECISION_COLUMNS))


def component_schema(component: str) -> dict[str, pl.DataType]:
    """Return the columns of one component in the plan book, version first.

    Examples
    --------
    >>> list(component_schema("hire"))
    ['version', 'segment_id', 'role', 'month_start', 'hires_count', 'reason']
    """
    return frame_schema({"version": Kind.COUNT, **COMPONENTS[component]})
