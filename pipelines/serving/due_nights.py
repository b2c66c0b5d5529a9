"""Which nights are due by the clock: missed ones first, none by a wrong clock."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from data_contracts.contract import all_contracts
from pipelines.ingestion.sources import deliveries, load_sources
from pipelines.serving.nights import serving_as_of
from pipelines.serving.reading import has_copy
from pipelines.settings import Settings

QUIET: Final = timedelta(days=7)
"""So long after the newest extract a night is run only by hand."""

MOST_MISSED: Final = 31
"""Nights made up for at once; older ones are told by what came later."""


@dataclass(frozen=True, slots=True)
class Due:
    """Nights to run, oldest first, or the reason why none is."""

    nights: tuple[date, ...]
    reason: str = ""


def nights_due(settings: Settings, tonight: date) -> Due:
    """Return tonight and every night before it that was missed.

    Parameters
    ----------
    tonight : date
        What the clock says.

    Returns
    -------
    Due
        A missed night is one with files, after the one readers see. None is due where
        nothing was delivered yet, where readers already see a later night (the clock
        went back), or where tonight lies more than a week after the newest extract
        (the clock went ahead, or nothing is delivered any more). A week without files
        is no reason to stop: each of its nights runs on what is known.
    """
    shown = serving_as_of(settings) if has_copy(settings) else None
    if shown is not None and tonight < shown:
        return Due(
            (), f"readers see {shown}, later than {tonight}: the clock went back"
        )
    if any(source.is_fetched for source in load_sources(settings)):
        return Due((tonight,))  # what there is shows only when it is asked for
    known = sorted(
        {
            one.known_on
            for contract in all_contracts()
            for one in deliveries(contract, tonight, settings)
        }
    )
    if not known:
        return Due((), f"no extract was delivered up to {tonight}")
    if tonight - known[-1] > QUIET:
        days = (tonight - known[-1]).days
        return Due(
            (),
            f"the newest extract is of {known[-1]}, {days} days before {tonight}: "
            "nothing is delivered any more, or the clock is wrong; run it by hand: "
            f"aop refresh --as-of {tonight}",
        )
    missed = [day for day in known if shown is not None and shown < day < tonight]
    return Due((*missed[-MOST_MISSED:], tonight))
