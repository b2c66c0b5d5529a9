"""Compile the few loops that numpy cannot express; everything else stays numpy."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Loop = TypeVar("Loop", bound=Callable[..., object])


def compiled(function: Loop) -> Loop:
    """Compile a function of arrays to machine code, once per installation.

    Parameters
    ----------
    function : callable
        Uses only numbers, arrays and named tuples of them.

    Returns
    -------
    callable
        Same signature. One thread and strict IEEE arithmetic, so the same input
        gives the same bytes; the machine code is cached beside the module.
    """
    return cast(Loop, numba.njit(cache=True, fastmath=False)(function))
