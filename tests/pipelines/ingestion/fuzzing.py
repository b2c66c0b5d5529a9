"""Files as accidents leave them: seeded mutations, and the account each must keep."""

import gzip
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from unittest import mock

import numpy as np
import polars as pl

from data_contracts.contract import contract
from pipelines.ingestion import staging
from pipelines.ingestion.land import land
from pipelines.ingestion.records import load_file
from pipelines.settings import Settings

NIGHT = date(2026, 1, 31)
CONTRACT = contract("crm-opportunity-history")
# every column of the file is in the contract, so that every mark must come out again
HEADER = [column.name for column in CONTRACT.columns]
MARK = re.compile(r"ID\d{4}")
WORDS = ["plain", '"with, comma"', '"say ""hi"""', '"two\nlines"', "", "ünï", "#N/A"]
Random = np.random.Generator
Mutation = Callable[[bytes, Random], bytes]


def drawn(random: Random) -> bytes:
    """Draw a file of up to a dozen rows, most of them sound; each row has its mark."""
    rows = [",".join(HEADER)]
    for place in range(int(random.integers(1, 13))):
        day, amount = random.integers(1, 29), random.integers(-5, 999)
        chance, word = random.integers(0, 121), WORDS[random.integers(len(WORDS))]
        rows.append(
            f"ID{place:04d},2026-01-{day:02d}T10:00:00Z,open,{amount},{chance},"
            f"2026-02-01,{word}"
        )
    return ("\n".join(rows) + "\n").encode()


def _body(data: bytes, random: Random) -> int:
    first = data.find(b"\n") + 1
    return int(random.integers(first, max(first + 1, len(data) + 1)))


def truncated(data: bytes, random: Random) -> bytes:
    """Cut a file short anywhere."""
    return data[: random.integers(0, len(data) + 1)]


def spliced(data: bytes, random: Random) -> bytes:
    """Put something that does not belong there into the middle of the rows."""
    strange = [b'"', b'""', b"\n", b"\r", b",", b"\0", b"\xff", b"\n\n", b"\x1a", b";"]
    at, cut = _body(data, random), int(random.integers(0, 12))
    return data[:at] + strange[random.integers(len(strange))] + data[at + cut :]


def unbalanced(data: bytes, random: Random) -> bytes:
    """Open or close a few quotes out of balance."""
    for _ in range(int(random.integers(1, 4))):
        at = _body(data, random)
        data = data[:at] + b'"' + data[at:]
    return data


def nulled(data: bytes, random: Random) -> bytes:
    """Sprinkle NUL bytes, as a disk that was full leaves them."""
    at = _body(data, random)
    return data[:at] + b"\0" * int(random.integers(1, 200)) + data[at:]


def huge(data: bytes, random: Random) -> bytes:
    """Blow one value up far beyond any sensible length."""
    at = _body(data, random)
    return data[:at] + b"x" * int(random.integers(5_000, 400_000)) + data[at:]


def shuffled_columns(data: bytes, random: Random) -> bytes:
    """Give the columns of every line another order; quoted commas suffer."""
    order = random.permutation(len(HEADER))
    lines = []
    for line in data.split(b"\n"):
        cells = line.split(b",")
        is_whole = len(cells) == len(order)
        lines.append(b",".join(cells[at] for at in order) if is_whole else line)
    return b"\n".join(lines)


def doubled_header(data: bytes, random: Random) -> bytes:
    """Name one column as another, or put the header in twice."""
    head, _, body = data.partition(b"\n")
    if random.random() < 0.5:
        return head + b"\n" + head + b"\n" + body
    names = head.split(b",")
    names[random.integers(len(names))] = names[random.integers(len(names))]
    return b",".join(names) + b"\n" + body


def renamed_header(data: bytes, random: Random) -> bytes:
    """Misspell, upper or drop a column's name."""
    head, _, body = data.partition(b"\n")
    names = head.split(b",")
    at = random.integers(len(names))
    names[at] = [b"", names[at].upper(), names[at] + b" ", b"\xef\xbb\xbf" + names[at]][
        random.integers(4)
    ]
    return b",".join(names) + b"\n" + body


def reencoded(data: bytes, random: Random) -> bytes:
    """Write the text in another encoding, with or without saying so."""
    text = data.decode("utf-8", "replace")
    kind = ["utf-16", "utf-16-le", "latin-1", "cp1252", "utf-8-sig", "utf-32"][
        random.integers(6)
    ]
    return text.encode(kind, "replace")


def other_breaks(data: bytes, random: Random) -> bytes:
    """End lines as another system does."""
    breaks = [b"\r\n", b"\r", b"\n\r", b"\n\n"]
    return data.replace(b"\n", breaks[random.integers(len(breaks))])


def other_delimiter(data: bytes, random: Random) -> bytes:
    """Part the columns by another sign."""
    signs = [b";", b"\t", b"|", b"^", b" ", b"::"]
    return data.replace(b",", signs[random.integers(len(signs))])


def moved_lines(data: bytes, random: Random) -> bytes:
    """Put a line somewhere else, the header among the rows if it falls so."""
    lines = data.split(b"\n")
    line = lines.pop(random.integers(len(lines)))
    lines.insert(random.integers(len(lines) + 1), line)
    return b"\n".join(lines)


def repeated(data: bytes, random: Random) -> bytes:
    """Write the rows, or the whole file, once more."""
    rest = data.partition(b"\n")[2]
    return data + (rest if random.random() < 0.7 else data)


def emptied(data: bytes, random: Random) -> bytes:
    """Leave nothing, or the header, or blanks."""
    left = [b"", b"\n\n", b" ", data.partition(b"\n")[0], b"\xef\xbb\xbf", b"\0" * 10]
    return left[random.integers(len(left))]


def scrambled(data: bytes, random: Random) -> bytes:
    """Flip bytes at random."""
    bytes_ = bytearray(data)
    for _ in range(int(random.integers(1, 6))):
        if bytes_:
            bytes_[random.integers(len(bytes_))] = int(random.integers(256))
    return bytes(bytes_)


MUTATIONS: tuple[Mutation, ...] = (
    truncated, spliced, unbalanced, nulled, huge, shuffled_columns, doubled_header,
    renamed_header, reencoded, other_breaks, other_delimiter, moved_lines, repeated,
    emptied, scrambled,
)  # fmt: skip


def accident(seed: int) -> tuple[bytes, bool, list[str]]:
    """Return a mutated file, whether it is packed, and what was done to it."""
    random = np.random.default_rng(seed)
    data, done = drawn(random), []
    for _ in range(int(random.integers(0, 4))):
        mutate = MUTATIONS[random.integers(len(MUTATIONS))]
        data = mutate(data, random)
        done.append(mutate.__name__)
    return data, bool(random.random() < 0.2), done


def clear(home: Settings) -> None:
    """Take away what the last file left, but not the empty tables: they cost most."""
    shutil.rmtree(home.landing, ignore_errors=True)
    shutil.rmtree(home.home / ".contents", ignore_errors=True)
    load_file(CONTRACT, NIGHT, home).unlink(missing_ok=True)
    for folder in (home.raw, home.quarantine):
        night = folder / "crm" / "opportunity_history" / f"{NIGHT}.parquet"
        night.unlink(missing_ok=True)


def lost_rows(seed: int, home: Settings) -> list[str]:
    """Land one accident; say what its account lacks. Empty where every row is there.

    The home is one of accidents alone: what the last one left is taken away first.
    """
    data, is_packed, done = accident(seed)
    clear(home)
    place = Path("crm") / "opportunity_history"
    night = place / f"{NIGHT}.parquet"
    path = home.landing / place / f"{NIGHT}{'.csv.gz' if is_packed else '.csv'}"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(data, mtime=0) if is_packed else data)
    # of the ways to take broken lines out, every other file goes the slower ones
    guess = {"return_value": False} if seed % 2 else {"wraps": staging.has_many_broken}
    with mock.patch.object(staging, "has_many_broken", **guess):
        result = land(CONTRACT, NIGHT, home)  # never raises: the file is there
    tables = [
        pl.read_parquet(folder / night)
        for folder in (home.raw, home.quarantine)
        if (folder / night).is_file()
    ]
    faults = [] if path.is_file() else ["the file is gone from landing"]
    if result.refused:
        faults += ["a refused file left rows"] if tables else []
        return [f"seed {seed} {done}: {one}" for one in faults]
    rows = sum(table.height for table in tables)
    if rows + result.unchanged + result.duplicates != result.rows:
        faults.append(f"{result.rows} rows read, {rows} found")
    if result.loaded + result.quarantined != rows:
        faults.append("the counts are not those of the tables")
    told = "\n".join(str(row) for table in tables for row in table.rows())
    text = data.decode("utf-8", "ignore") if b"\0" not in data else ""
    missing = set(MARK.findall(text)) - set(MARK.findall(told))
    if missing and not _in_header(text, missing):
        faults.append(f"rows {sorted(missing)} are nowhere")
    return [f"seed {seed} {done}: {one}" for one in faults]


def _in_header(text: str, marks: set[str]) -> bool:
    """Tell whether the marks stand where a header is: it is not a row."""
    first = text.lstrip("\ufeff \r\n").replace("\r", "\n").split("\n", 1)[0]
    return marks <= set(MARK.findall(first))
