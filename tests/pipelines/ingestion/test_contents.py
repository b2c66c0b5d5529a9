"""A file that was left alone is not read again; one that changed always is."""

import os
from pathlib import Path

import pytest

from pipelines.ingestion import contents as module
from pipelines.ingestion.contents import Contents

HOUR_NS = 3_600_000_000_000


class Reader:
    """Count how often a file is really read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read: list[str] = []
        real = module.digest
        monkeypatch.setattr(
            module, "digest", lambda path: (self.read.append(path.name), real(path))[1]
        )


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    return Reader(monkeypatch)


def night(tmp_path: Path, path: Path, *, hours: int = 1) -> str:
    """Ask for a digest as one night does, so long after the file was written."""
    clock = path.stat().st_ctime_ns + hours * HOUR_NS
    contents = Contents(tmp_path / "memo.json", clock=lambda: clock)
    found = contents.digest(path)
    contents.keep()
    return found


def test_a_file_left_alone_is_read_once(tmp_path, reader) -> None:
    path = tmp_path / "a.csv"
    path.write_text("one")
    assert night(tmp_path, path) == night(tmp_path, path)
    assert reader.read == ["a.csv"]


def test_a_change_of_the_same_size_and_time_is_seen(tmp_path, reader) -> None:
    path = tmp_path / "a.csv"
    path.write_text("one")
    before = path.stat()
    first = night(tmp_path, path)
    path.write_text("two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # a careless copy
    while path.stat().st_ctime_ns == before.st_ctime_ns:  # within one tick of the disk
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert night(tmp_path, path) != first
    assert len(reader.read) == 2


def test_a_file_put_in_anothers_place_is_seen(tmp_path, reader) -> None:
    path, other = tmp_path / "a.csv", tmp_path / "b.csv"
    path.write_text("one")
    first = night(tmp_path, path)
    other.write_text("two")
    other.replace(path)
    assert night(tmp_path, path) != first


def test_a_file_still_being_written_is_read_again(tmp_path, reader) -> None:
    path = tmp_path / "a.csv"
    path.write_text("one")
    night(tmp_path, path, hours=0)
    night(tmp_path, path, hours=0)
    assert len(reader.read) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"x": 3}', "\x00"])
def test_a_damaged_memo_only_costs_time(tmp_path, reader, text) -> None:
    path = tmp_path / "a.csv"
    path.write_text("one")
    first = night(tmp_path, path)
    (tmp_path / "memo.json").write_text(text)
    assert night(tmp_path, path) == first
