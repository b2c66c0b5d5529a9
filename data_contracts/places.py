"""Faults that know their place: a rule over several values names the one at fault."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

PlaceStep = str | int


class MisplacedError(ValueError):
    """A value that breaks a rule of the whole, and where it stands.

    Parameters
    ----------
    what : str
        What is wrong, without the place.
    place : sequence of str and int
        Keys and list positions that lead to the value from where the rule was checked.

    Examples
    --------
    >>> MisplacedError("weights sum to 0.9", ("coverage", "weights")).place
    ('coverage', 'weights')
    """

    def __init__(self, what: str, place: Sequence[PlaceStep]) -> None:
        super().__init__(what, tuple(place))  # both in args: survives pickling
        self.what = what
        self.place = tuple(place)

    def __str__(self) -> str:
        return self.what


def place_of(fault: Mapping[str, Any] | ErrorDetails) -> tuple[PlaceStep, ...]:
    """Return where pydantic's fault lies, the rule's own place included.

    Parameters
    ----------
    fault : mapping
        One of ``ValidationError.errors()``.

    Examples
    --------
    >>> error = MisplacedError("no such tier", ("tier",))
    >>> place_of({"loc": ("mix", 0), "ctx": {"error": error}})
    ('mix', 0, 'tier')
    """
    error = fault.get("ctx", {}).get("error")
    deeper = error.place if isinstance(error, MisplacedError) else ()
    return (*fault["loc"], *deeper)


def must_sum_to_one(
    shares: Sequence[float], what: str, place: Sequence[PlaceStep] = ()
) -> None:
    """Refuse shares that do not add up to a whole, within a millionth.

    Raises
    ------
    MisplacedError
        If they do not.
    """
    total = sum(shares)
    if abs(total - 1) > 1e-6:
        raise MisplacedError(f"{what} sum to {total:.6g}; they must sum to 1", place)
