"""Steps of a plan that were worked out before, from the very same inputs.

Scenarios of one night differ in little; what a difference does not touch is not worked
out again. A key holds everything a step reads, so an answer from memory is the answer.
"""

import hashlib
from collections.abc import Callable
from typing import TypeVar, cast

import polars as pl
from pydantic import BaseModel

Answer = TypeVar("Answer")


class Memory:
    """Answers of steps by a hash of all they depend on.

    Examples
    --------
    >>> memory = Memory()
    >>> memory.once("double", (2,), lambda: 4), memory.once("double", (2,), lambda: 0)
    (4, 4)
    """

    def __init__(self) -> None:
        self._answers: dict[str, object] = {}
        # frames stay alive with their digest, so that no other takes their id
        self._frames: dict[int, tuple[pl.DataFrame, bytes]] = {}

    def once(
        self, step: str, depends: tuple[object, ...], work: Callable[[], Answer]
    ) -> Answer:
        """Return a step's answer, worked out the first time.

        Parameters
        ----------
        step : str
            Name of the step.
        depends : tuple
            All it reads: frames, policy parts, and values that print in full.
        work : callable
            Gives the answer, which nobody changes afterwards.
        """
        state = hashlib.sha256(step.encode())
        for one in depends:
            state.update(self._digest(one))
        key = state.hexdigest()
        if key not in self._answers:
            self._answers[key] = work()
        return cast(Answer, self._answers[key])

    def _digest(self, one: object) -> bytes:
        if isinstance(one, pl.DataFrame):
            known = self._frames.get(id(one))
            if known is None:
                written = one.write_ipc(None, compression="uncompressed").getvalue()
                known = self._frames[id(one)] = (one, hashlib.sha256(written).digest())
            return known[1]
        if isinstance(one, BaseModel):
            return one.model_dump_json().encode() + b"\n"
        return repr(one).encode() + b"\n"
