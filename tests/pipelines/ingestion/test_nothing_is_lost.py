"""Whatever is done to a file, each of its rows is loaded, known, refused or a copy."""

import gzip
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))  # fuzzing.py sits beside

from fuzzing import CONTRACT, MARK, NIGHT, clear

from pipelines.ingestion.land import land
from pipelines.settings import Settings

pytestmark = pytest.mark.slow

# every column of the file is in the contract, so that every mark must come out again
HEADER = ",".join(column.name for column in CONTRACT.columns)
CATEGORIES = ["plain", '"with, comma"', '"say ""hi"""', '"two\nlines"', "", "ünï"]


@st.composite
def files(draw: st.DrawFn) -> bytes:
    count = draw(st.integers(1, 12))
    rows = [
        f"ID{place:04d},2026-01-{draw(st.integers(1, 28)):02d}T10:00:00Z,open,"
        f"{draw(st.integers(-5, 999))},{draw(st.integers(0, 120))},2026-02-01,"
        f"{draw(st.sampled_from(CATEGORIES))}"
        for place in range(count)
    ]
    return "\n".join([HEADER, *rows, ""]).encode()


def _spliced(data: bytes, at: int, insert: bytes, cut: int) -> bytes:
    start = len(HEADER) + 1 + at % max(1, len(data) - len(HEADER) - 1)
    return data[:start] + insert + data[start + cut :]


def _moved(data: bytes, at: int, to: int) -> bytes:
    head, *lines = data.split(b"\n")
    lines.insert(to % len(lines), lines.pop(at % len(lines)))
    return b"\n".join([head, *lines])


INSERTS = [b"", b'"', b'""', b"\n", b"\r", b",", b"\0", b"\xff", b"\n\n", b"x" * 5000]
MUTATIONS: st.SearchStrategy[Callable[[bytes], bytes]] = st.one_of(
    st.builds(
        lambda at, insert, cut: lambda data: _spliced(data, at, insert, cut),
        st.integers(0, 2000),
        st.sampled_from(INSERTS),
        st.integers(0, 12),
    ),
    st.builds(
        lambda at, to: lambda data: _moved(data, at, to),
        st.integers(0, 30),
        st.integers(0, 30),
    ),
    st.sampled_from(
        [
            lambda data: data.replace(b"\r", b"").replace(b"\n", b"\r\n"),
            lambda data: data + data.split(b"\n", 1)[-1],
            lambda data: b"\xef\xbb\xbf" + data,
            lambda data: data.decode("utf-8", "replace").encode("utf-16"),
            lambda data: data.rstrip(b"\n"),
        ]
    ),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=list(HealthCheck)
)  # fmt: skip
@given(data=files(), changes=st.lists(MUTATIONS, max_size=3), packed=st.booleans())
def test_rows_read_are_rows_accounted_for(
    home: Settings,
    data: bytes,
    changes: list[Callable[[bytes], bytes]],
    packed: bool,
) -> None:
    for change in changes:
        data = change(data)
    clear(home)
    suffix = ".csv.gz" if packed else ".csv"
    path = home.landing / "crm" / "opportunity_history" / f"{NIGHT}{suffix}"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(data) if packed else data)
    result = land(CONTRACT, NIGHT, home)  # never raises: the file is there
    assert path.is_file()
    found = home.raw / "crm" / "opportunity_history" / f"{NIGHT}.parquet"
    refused = home.quarantine / "crm" / "opportunity_history" / f"{NIGHT}.parquet"
    if result.refused:
        assert not found.exists()
        assert not refused.exists()
        return
    kept = [pl.read_parquet(one) for one in (found, refused) if one.is_file()]
    loaded = pl.read_parquet(found).height if found.is_file() else 0
    quarantined = pl.read_parquet(refused).height if refused.is_file() else 0
    assert (result.loaded, result.quarantined) == (loaded, quarantined)
    assert result.rows == loaded + result.unchanged + quarantined + result.duplicates
    text = data.decode("utf-16" if data[:2] == b"\xff\xfe" else "utf-8", "replace")
    told = "\n".join(str(row) for frame in kept for row in frame.rows())
    assert set(MARK.findall(text)) <= set(MARK.findall(told))
