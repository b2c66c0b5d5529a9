"""Money as whole cents: parse it, show it, split it without losing one.

Not for exchange rates: a cents value is always in one known currency.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from fractions import Fraction


def parse(text: str) -> int:
    """Read a decimal amount such as ``"1,234.50"`` as whole cents.

    Parameters
    ----------
    text : str
        Amount with an optional sign, comma thousands and a dot before the cents.

    Returns
    -------
    int
        Cents; half a cent rounds to the even cent.

    Raises
    ------
    ValueError
        If `text` is not a finite number.

    Examples
    --------
    >>> parse("1,200.30"), parse("-0.005")
    (120030, 0)
    """
    try:
        amount = Decimal(text.strip().replace(",", ""))
    except InvalidOperation:
        raise ValueError(f"{text!r} is not an amount") from None
    if not amount.is_finite():
        raise ValueError(f"{text!r} is not an amount")
    return int((amount * 100).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def show(cents: int, currency: str = "") -> str:
    """Write cents for people: thousands separated, two decimals, currency behind.

    Examples
    --------
    >>> show(-123456789, "USD")
    '-1,234,567.89 USD'
    """
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return f"{sign}{whole:,}.{rest:02d} {currency}".rstrip()


def split(total: int, weights: Sequence[float | int]) -> list[int]:
    """Split a total over weights so that the parts sum to it exactly.

    Parameters
    ----------
    total : int
        Cents, or any whole unit; may be negative.
    weights : sequence of n numbers, >= 0
        Shares, in any scale; when all are zero the split is even.

    Returns
    -------
    list of n ints
        Each within one unit of its exact share; ``sum(parts) == total``. A zero
        weight gets nothing unless all are zero.

    Raises
    ------
    ValueError
        If there is nobody to split over, or a weight is negative or not finite.

    Notes
    -----
    Largest remainder (Hamilton), ties to the earlier place, in exact fractions.

    Examples
    --------
    >>> split(100, [1, 1, 1])
    [34, 33, 33]
    """
    if not weights:
        raise ValueError("there is nobody to split over; pass at least one weight")
    try:
        exact = [Fraction(weight) for weight in weights]
    except (ValueError, OverflowError):
        raise ValueError("weights must be finite numbers") from None
    if min(exact) < 0:
        raise ValueError("weights must not be negative")
    whole = sum(exact)
    if whole == 0:
        exact, whole = [Fraction(1)] * len(exact), Fraction(len(exact))
    shares = [abs(total) * weight / whole for weight in exact]
    parts = [int(share) for share in shares]
    left = abs(total) - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda i: parts[i] - shares[i])
    for place in by_remainder[:left]:
        parts[place] += 1
    return parts if total >= 0 else [-part for part in parts]
