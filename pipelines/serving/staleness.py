"""Whether what would be published stands on inputs that count, and who overrides it."""

from data_contracts.errors import LedgerError
from pipelines.ingestion.standing import StaleInput, stale_inputs
from pipelines.settings import Settings


def note_over_stale(settings: Settings, note: str, over_stale: str) -> str:
    """Return the note to store with a publication, or refuse it.

    Parameters
    ----------
    settings : Settings
    note : str
        What the publisher says anyway.
    over_stale : str
        Why it may be published although an input is stale; empty for no such reason.

    Returns
    -------
    str
        The note; where inputs are stale, with the reason and every such input in it,
        so that the event of the ledger tells them for ever.

    Raises
    ------
    LedgerError
        If an input is stale and no reason is given.

    Examples
    --------
    >>> from pathlib import Path
    >>> note_over_stale(Settings(Path("/nowhere")), "as agreed", "")
    'as agreed'
    """
    stale = stale_inputs(settings)
    reason = " ".join(over_stale.split())
    if not stale:
        return note
    told = "; ".join(_told(one) for one in stale)
    if not reason:
        raise LedgerError(
            f"nothing is published from stale inputs: {told}",
            fix="mend the extracts and refresh, or give a reason that is stored for "
            'ever: aop plan publish VERSION --as YOU --over-stale "WHY"',
        )
    return "; ".join(
        part for part in (note, f"over stale inputs: {reason}", told) if part
    )


def _told(one: StaleInput) -> str:
    until = f"good until {one.good_until}" if one.good_until else "never good"
    return f"{one.contract} failed {one.check} on {one.night}, {until}"
