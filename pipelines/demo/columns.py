"""Arrays that grow by rows: what the simulation remembers, one field per column."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FIRST_ROOM = 1024


class Columns:
    """Named arrays of one length that rows are added to.

    Parameters
    ----------
    **types : numpy dtype names
        One dtype per column, such as ``day="i4"``.

    Examples
    --------
    >>> people = Columns(day="i4", name="i4")
    >>> people.add(2, day=[3, 4], name=7).tolist()
    [0, 1]
    >>> people["name"].tolist(), len(people)
    ([7, 7], 2)
    """

    def __init__(self, **types: str) -> None:
        self._room = {
            name: np.zeros(FIRST_ROOM, dtype=kind) for name, kind in types.items()
        }
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return the filled part of a column; writing to it changes the column."""
        return self._room[name][: self._rows]

    def add(self, count: int, **values: ArrayLike) -> NDArray[np.int64]:
        """Append rows; every column must be named.

        Parameters
        ----------
        count : int
            Rows to add.
        **values : array_like
            One value per row, or one for all of them.

        Returns
        -------
        (count,) int64
            Row numbers of the new rows.

        Raises
        ------
        KeyError
            If a column is missing or unknown.
        """
        if values.keys() != self._room.keys():
            raise KeyError(f"columns differ: {values.keys() ^ self._room.keys()}")
        first, last = self._rows, self._rows + count
        for name, value in values.items():
            if last > len(self._room[name]):
                room = max(last, 2 * len(self._room[name]))
                grown = np.zeros(room, dtype=self._room[name].dtype)
                grown[:first] = self._room[name][:first]
                self._room[name] = grown
            self._room[name][first:last] = value
        self._rows = last
        return np.arange(first, last, dtype=np.int64)
