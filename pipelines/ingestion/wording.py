"""Which headers may mean a column although they share no spelling with its name.

For proposals only: a header that is alike in words is never taken without being asked.
"""

import re
from collections.abc import Sequence

_SAME = {  # what exports call it: what contracts call it
    "amt": "amount",
    "client": "account",
    "closing": "close",
    "company": "account",
    "customer": "account",
    "deal": "opportunity",
    "employee": "worker",
    "end": "ended",
    "hired": "hire",
    "joined": "hire",
    "kind": "type",
    "opp": "opportunity",
    "organisation": "account",
    "organization": "account",
    "person": "worker",
    "phase": "stage",
    "rep": "owner",
    "salesperson": "owner",
    "seller": "owner",
    "start": "started",
    "status": "stage",
    "terminated": "termination",
    "title": "name",
    "value": "amount",
}
_WEAK = {"id", "is", "on", "at", "date", "key", "number", "no", "code"}


def words(text: str) -> set[str]:
    """Give the words of a name, by what contracts call them.

    Examples
    --------
    >>> sorted(words("ExpectedCloseDate")), sorted(words("Sales rep"))
    (['close', 'date', 'expected'], ['owner', 'sales'])
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    found = re.findall(r"[^\W_]+", apart.lower())
    return {_SAME.get(one, one) for one in found}


def same_in_words(column: str, headers: Sequence[str]) -> str | None:
    """Return the one header that holds every telling word of a column's name.

    Parameters
    ----------
    column : str
        Canonical name, such as ``close_date``.
    headers : sequence of str

    Returns
    -------
    str or None
        None where no header does, or where two do so equally well.

    Examples
    --------
    >>> same_in_words("close_date", ["Expected close", "Closed?"])
    'Expected close'
    >>> same_in_words("owner_id", ["Sales rep", "Rep"])
    'Rep'
    >>> same_in_words("owner_id", ["Rep 1", "Rep 2"]) is None
    True
    """
    wanted = words(column) - _WEAK
    if not wanted:
        return None
    left = sorted(
        (len(words(one) - wanted - _WEAK), one)
        for one in headers
        if wanted <= words(one)
    )
    if not left or (len(left) > 1 and left[0][0] == left[1][0]):
        return None
    return left[0][1]
