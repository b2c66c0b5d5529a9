"""Answers kept from the night before, used again only for the very same question.

A night's bytes must not depend on which nights ran before it, so the question is a
digest of everything the answer is computed from: code, settings and every row.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import astuple, is_dataclass
from pathlib import Path

import polars as pl

from pipelines.files import write_parquet

_SUFFIX = 16  # letters of the digest in a file's name


def remembered(
    folder: Path | None,
    name: str,
    question: Iterable[object],
    answer: Callable[[], pl.DataFrame],
) -> pl.DataFrame:
    """Return the answer kept for a question, or compute and keep it.

    Parameters
    ----------
    folder : Path, optional
        Where answers are kept, the newest of each name; nothing is kept without one.
    name : str
        What is asked; stem of the file.
    question : iterable of frames, dataclasses of frames, and values
        Everything `answer` depends on. The order of rows does not count.
    answer : callable
        Called where the question is a new one.
    """
    if folder is None:
        return answer()
    asked = digest_of(question)
    kept = folder / f"{name}-{asked[:_SUFFIX]}.parquet"
    if kept.is_file():
        return pl.read_parquet(kept)
    found = answer()
    write_parquet(found, kept)
    for old in folder.glob(f"{name}-*.parquet"):
        if old != kept:
            old.unlink()
    return found


def digest_of(question: Iterable[object]) -> str:
    """Return the SHA-256 of frames and values, whatever the order of a frame's rows.

    Examples
    --------
    >>> one = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    >>> digest_of([one]) == digest_of([one.reverse()])
    True
    >>> digest_of([one]) == digest_of([one.with_columns(a=pl.lit(1))])
    False
    """
    state = hashlib.sha256()
    for part in question:
        _add(state, part)
    return state.hexdigest()


def _add(state: "hashlib._Hash", part: object) -> None:
    state.update(type(part).__name__.encode())
    if isinstance(part, pl.DataFrame):
        state.update(repr(sorted(part.schema.items())).encode())
        ordered = part.select(sorted(part.columns))
        for seed in (1, 2):  # 64 bits each; they hold within one version of polars
            state.update(ordered.hash_rows(seed).sort().to_numpy().tobytes())
    elif is_dataclass(part) and not isinstance(part, type):
        for field in astuple(part):
            _add(state, field)
    elif isinstance(part, list | tuple):
        for each in part:
            _add(state, each)
    else:
        state.update(repr(part).encode())
    state.update(b"|")
