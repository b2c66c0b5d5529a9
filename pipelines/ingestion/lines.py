"""On which line of its file each judged record starts, where counting is not enough.

Kept as a table of its own, row for row beside the judged one, so that rows need be
neither joined by value nor sorted back into their order.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

_BATCH = 1 << 20  # records at once
_SCHEMA = pa.schema([("_line", pa.int64())])


def write_lines(
    judged: Path,
    out: Path,
    *,
    rows: int,
    first_line: int,
    has_breaks: bool,
    gaps: Sequence[int],
) -> None:
    """Write the starting line of every judged record as Parquet, in their order.

    Parameters
    ----------
    judged : Path
        Parquet of the records; ``_breaks`` in it counts the line breaks inside each.
    out : Path
    rows : int
        Records judged.
    first_line : int
        Line of the first record, were there no gap before it.
    has_breaks : bool
        Whether ``_breaks`` is there; without it every record is one line.
    gaps : sequence of int
        Lines of the file in no record, rising.

    Notes
    -----
    A record counted as line n stands after every gap that starts at or before n, gaps
    being counted as if those before them were not there.
    """
    places = np.asarray(gaps, dtype=np.int64)
    starts = places - np.arange(len(places))
    counted = _broken(judged, first_line) if has_breaks else _plain(rows, first_line)
    with pq.ParquetWriter(
        out,
        _SCHEMA,
        compression="none",
        use_dictionary=False,
        column_encoding={"_line": "DELTA_BINARY_PACKED"},
    ) as writer:
        for line in counted:
            moved = line + np.searchsorted(starts, line, side="right")
            # from its buffer: pyarrow would import pandas to look at an array
            held = [None, pa.py_buffer(moved)]
            column = pa.Array.from_buffers(pa.int64(), len(moved), held)
            writer.write_table(pa.Table.from_arrays([column], schema=_SCHEMA))


def _plain(rows: int, first_line: int) -> Iterator[NDArray[np.int64]]:
    """Count records that are one line each."""
    for begin in range(0, rows, _BATCH):
        end = min(begin + _BATCH, rows)
        yield np.arange(begin, end, dtype=np.int64) + first_line


def _broken(judged: Path, first_line: int) -> Iterator[NDArray[np.int64]]:
    """Count records that span as many lines as they have breaks, and one."""
    line = first_line
    for batch in pq.ParquetFile(judged).iter_batches(_BATCH, columns=["_breaks"]):
        spans = batch.column(0).to_numpy(zero_copy_only=False).astype(np.int64) + 1
        ends = line + np.cumsum(spans)
        yield ends - spans
        line = int(ends[-1]) if len(ends) else line
