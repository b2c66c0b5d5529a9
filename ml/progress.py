"""How a long computation says how far it is, without knowing who listens."""

from collections.abc import Callable

OnStep = Callable[[str, int, int], None]
"""What is being done, steps done, and how many there will be at most."""


def in_silence(what: str, done: int, most: int) -> None:
    """Listen to nothing: the default of everything that tells its progress."""
    del what, done, most


class Quarters:
    """Passes on the first news of each quarter of every computation.

    Parameters
    ----------
    say : function of a str
        Told "ramp: 15 of at most 60 steps" and the like, four times at most.

    Examples
    --------
    >>> heard = Quarters(print)
    >>> for step in range(1, 9):
    ...     heard("ramp", step, 8)
    ramp: 2 of at most 8 steps
    ramp: 4 of at most 8 steps
    ramp: 6 of at most 8 steps
    ramp: 8 of at most 8 steps
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.reached: dict[str, int] = {}

    def __call__(self, what: str, done: int, most: int) -> None:
        """Hear of a step; a count that starts again is a new computation."""
        quarter = 4 * done // max(most, 1)
        if quarter < self.reached.get(what, 0):
            self.reached[what] = 0
        if quarter > self.reached.get(what, 0):
            self.say(f"{what}: {done} of at most {most} steps")
            self.reached[what] = quarter
