"""What a delivered file is: its format, encoding, delimiter and header.

Gives readers one plain shape, UTF-8 and uncompressed, whatever was delivered.
"""

import codecs
import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from data_contracts.errors import ContractError
from pipelines.ingestion.archives import members
from pipelines.ingestion.sources import SourceFile

Kind = Literal["csv", "jsonl", "parquet"]

_KINDS: dict[str, Kind] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
_PACKED = (".gz", ".zst", ".zip")
_MARKS = {".gz": b"\x1f\x8b", ".zst": b"\x28\xb5\x2f\xfd"}
_DELIMITERS = ",\t;|^`"
_CHUNK = 1 << 22
_LONGEST_HEADER = 1 << 20
_WIDE = bytes(range(128, 256))
_ESCAPED = re.compile("[\udc80-\udcff]")
_NOT_ASCII = re.compile("[^\\x00-\\x7f]")


class _Bytes(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """A delivered file made ready to read.

    ``path`` is UTF-8 and uncompressed: the delivered file itself where it already was
    so, else a copy in the scratch folder. ``lines`` counts physical lines, the last
    one with or without its newline. ``notes`` say what was detected, for people.
    """

    file: SourceFile
    path: Path
    kind: Kind
    size: int
    lines: int
    delimiter: str
    header: tuple[str, ...]
    notes: tuple[str, ...]


def kind_of(file: SourceFile) -> Kind:
    """Tell a file's format by its name.

    Raises
    ------
    ContractError
        If the name ends in none of the formats understood.
    """
    name = Path(file.path.name.lower())
    inside = [file.member] if file.member else members(file.path)
    if name.suffix == ".zip" and len(inside) == 1:
        name = Path(inside[0].lower())
    elif name.suffix in _PACKED:
        name = Path(name.stem)
    kind = _KINDS.get(name.suffix)
    if kind is None or (kind == "parquet" and file.path.suffix.lower() in _PACKED):
        raise ContractError(
            f"{file.shown} is not a format that can be read",
            fix="deliver csv, tsv or jsonl, plain or as .gz, .zst or .zip, or parquet",
        )
    return kind


def prepare(file: SourceFile, scratch: Path) -> Prepared:
    """Detect what a file is and make it plain UTF-8.

    Parameters
    ----------
    file : SourceFile
    scratch : Path
        Existing folder for a plain copy, made only where the file needs one.

    Raises
    ------
    ContractError
        If the file cannot be read, is empty, or its header cannot be.
    """
    kind = kind_of(file)
    if kind == "parquet":
        return _prepare_parquet(file)
    plain, size, lines, notes = _plain_text(file, scratch)
    if lines == 0:
        raise ContractError(
            f"{file.shown} is empty",
            fix="export it again: an extract has at least its header line",
        )
    if kind == "jsonl":
        _refuse_array(file, plain)
        return Prepared(file, plain, kind, size, lines, "", (), notes)
    delimiter, header = _header(file, plain)
    if delimiter not in ",\t":
        notes = (*notes, f"delimiter {delimiter!r}")
    return Prepared(file, plain, kind, size, lines, delimiter, header, notes)


def _refuse_array(file: SourceFile, plain: Path) -> None:
    """Refuse one JSON array, as many systems export, where lines are wanted."""
    with plain.open("rb") as stream:
        head = stream.read(_CHUNK).lstrip(b"\xef\xbb\xbf \t\r\n")
    if re.match(rb"\[\s*[{\]]", head):
        raise ContractError(
            f"{file.shown} is one JSON array, not an object on each line",
            fix="write its objects one a line, as jq -c '.[]' does",
        )


def _prepare_parquet(file: SourceFile) -> Prepared:
    try:
        meta = pq.read_metadata(file.path)
        names = tuple(meta.schema.to_arrow_schema().names)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(file, error) from error
    return Prepared(
        file, file.path, "parquet", 0, meta.num_rows + 1, "", names, notes=()
    )


def _unreadable(file: SourceFile, error: Exception) -> ContractError:
    return ContractError(
        f"{file.shown} cannot be read: {str(error) or type(error).__name__}",
        fix="export and deliver the file again; this copy is damaged or cut short",
    )


def _plain_text(
    file: SourceFile, scratch: Path
) -> tuple[Path, int, int, tuple[str, ...]]:
    """Return a plain UTF-8 path, its size and lines, and what was noticed."""
    notes: list[str] = []
    plain = file.path
    try:
        packing = _packing(file.path)
        if packing and packing != file.path.suffix.lower():
            notes.append(f"packed as {packing}")
        if packing:
            plain = scratch / f"{file.path.name}.plain"
            with _unpacked(file, packing) as stream, plain.open("wb") as copy:
                for chunk in _chunks(stream):
                    copy.write(chunk)
        encoding = _encoding(plain)
        if encoding != "utf-8":
            notes.append(f"encoding {encoding}")
            plain = _recoded(plain, scratch / f"{file.path.name}.utf8", encoding)
        size, lines, has_newline = _measure(plain)
        if size and not has_newline and _has_bare_returns(plain):
            notes.append("lines end in CR")
            plain = _with_newlines(plain, scratch / f"{file.path.name}.lf")
            size, lines, _ = _measure(plain)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, pa.ArrowException) as e:
        raise _unreadable(file, e) from e
    except UnicodeError as error:
        raise _unreadable(file, error) from error
    return plain, size, lines, tuple(notes)


def _chunks(stream: _Bytes) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk


def _packing(path: Path) -> str:
    """Tell how a file is packed: by its first bytes, or else by its name."""
    named = path.suffix.lower() if path.suffix.lower() in _PACKED else ""
    if named == ".zip":
        return named
    with path.open("rb") as stream:
        head = stream.read(4)
    return next((one for one, mark in _MARKS.items() if head.startswith(mark)), named)


@contextmanager
def _unpacked(file: SourceFile, packing: str) -> Iterator[_Bytes]:
    if packing == ".gz":
        with gzip.open(file.path) as stream:
            yield stream
    elif packing == ".zst":
        with pa.CompressedInputStream(str(file.path), "zstd") as stream:
            yield stream
    else:
        inside = [file.member] if file.member else members(file.path)
        with zipfile.ZipFile(file.path) as archive:
            if len(inside) != 1:
                raise zipfile.BadZipFile(f"it holds {len(inside)} files, not one")
            try:
                opened = archive.open(inside[0])
            except RuntimeError as error:  # a password, or packed in an unknown way
                raise zipfile.BadZipFile(str(error)) from error
            with opened as stream:
                yield stream


def _encoding(path: Path) -> str:
    """Name the encoding of a text file; UTF-8 unless its bytes say otherwise.

    A file that is UTF-8 but for a few broken bytes stays UTF-8, so that only the rows
    with broken bytes are refused.
    """
    broken = whole = 0
    rest = b""  # a character that the chunk's edge cut
    with path.open("rb") as stream:
        for place, chunk in enumerate(_chunks(stream)):
            if place == 0:
                if chunk.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
                    return "utf-32"
                if chunk.startswith((b"\xff\xfe", b"\xfe\xff")):
                    return "utf-16"
                guess = _utf16_without_mark(chunk[:4096])
                if guess:
                    return guess
            if rest or not chunk.isascii():
                held = rest + chunk
                try:
                    text, read = codecs.utf_8_decode(held, "strict", False)
                    rest = held[read:]
                    whole += len(text) - len(held[:read].translate(None, _WIDE))
                except UnicodeDecodeError:
                    rest = b""
                    text = held.decode("utf-8", errors="surrogateescape")
                    escaped = len(_ESCAPED.findall(text))
                    broken += escaped
                    whole += len(_NOT_ASCII.findall(text)) - escaped
    # a character cut by a broken chunk's edge looks broken; whole ones outnumber it
    return "cp1252" if broken + len(rest) > whole else "utf-8"


def _utf16_without_mark(head: bytes) -> str | None:
    pairs = len(head) // 2
    if pairs < 4 or head.count(0) < 0.3 * len(head):
        return None
    return "utf-16-le" if head[1::2].count(0) > head[0::2].count(0) else "utf-16-be"


def _recoded(path: Path, copy: Path, encoding: str) -> Path:
    # five bytes of Windows-1252 mean nothing; they stand for themselves
    errors = "replace" if encoding == "cp1252" else "strict"
    with (
        path.open("r", encoding=encoding, errors=errors, newline="") as source,
        copy.open("w", encoding="utf-8", newline="") as target,
    ):
        while text := source.read(_CHUNK):
            target.write(text)
    return copy


def _measure(path: Path) -> tuple[int, int, bool]:
    size = lines = 0
    last = b"\n"
    with path.open("rb") as stream:
        for chunk in _chunks(stream):
            size += len(chunk)
            lines += chunk.count(b"\n")
            last = chunk[-1:]
    return size, lines + (last != b"\n"), lines > 0


def _has_bare_returns(path: Path) -> bool:
    with path.open("rb") as stream:
        return any(b"\r" in chunk.rstrip(b"\r") for chunk in _chunks(stream))


def _with_newlines(path: Path, copy: Path) -> Path:
    with path.open("rb") as source, copy.open("wb") as target:
        for chunk in _chunks(source):
            target.write(chunk.replace(b"\r", b"\n"))
    return copy


def _header(file: SourceFile, plain: Path) -> tuple[str, tuple[str, ...]]:
    """Read the first record under the delimiter that splits it most."""
    with plain.open("rb") as stream:
        head = stream.read(_LONGEST_HEADER).decode("utf-8", errors="replace")
    head = head.lstrip("\ufeff")
    if file.path.name.lower().removesuffix(".gz").endswith(".tsv"):
        delimiters = "\t"
    else:
        delimiters = _DELIMITERS
    best: tuple[str, list[str]] | None = None
    for delimiter in delimiters:
        reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
        try:
            record = next(reader, [])
        except csv.Error:
            continue  # a field longer than any header: not this delimiter
        if best is None or len(record) > len(best[1]):
            best = delimiter, record
    if best is None or not any(name.strip() for name in best[1]):
        raise ContractError(
            f"{file.shown} has no header line",
            fix="export it with the column names in the first line",
        )
    return best[0], tuple(name.strip() for name in best[1])
