"""Write whole files or none: temporary name, flush, rename. One writer per file."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl


@contextmanager
def replacing(final: Path) -> Iterator[Path]:
    """Give a temporary path beside `final` that becomes it if the block succeeds.

    The old file stays whole until the rename and for ever if the block fails.

    Parameters
    ----------
    final : Path
        File to create or replace; its folder is made if missing.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    # .part: were the process killed, no reader of *.parquet may take it for a table
    handle, name = tempfile.mkstemp(
        prefix=f".{final.name}.", suffix=".part", dir=final.parent
    )
    os.close(handle)
    temporary = Path(name)
    temporary.unlink()  # writers such as DuckDB want to create the file themselves
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(final)
    finally:
        temporary.unlink(missing_ok=True)


def write_parquet(frame: pl.DataFrame, final: Path) -> int:
    """Write a frame as zstd Parquet, whole or not at all; return its rows.

    The same rows in the same order give the same bytes.
    """
    with replacing(final) as temporary:
        frame.write_parquet(temporary, compression="zstd", statistics=True)
    return frame.height


def write_text(text: str, final: Path) -> None:
    """Write a UTF-8 text file, whole or not at all."""
    with replacing(final) as temporary:
        temporary.write_text(text, encoding="utf-8")


def digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
