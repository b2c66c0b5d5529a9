"""The bytes of the last file are copied while other work goes on."""

import os
from pathlib import Path

import pytest

from pipelines.publication.cloning import clone, cloning


def test_a_copy_begun_early_is_whole_when_it_is_waited_for(tmp_path: Path) -> None:
    source, target = tmp_path / "last", tmp_path / "next"
    source.write_bytes(os.urandom(1000) * 40_000)  # more than is copied at once
    with cloning(source, target) as copy:
        assert copy is not None
        copy.begin()
        copy.finish()
        assert target.read_bytes() == source.read_bytes()


def test_a_copy_nobody_wants_leaves_nothing(tmp_path: Path) -> None:
    source, target = tmp_path / "last", tmp_path / "next"
    source.write_bytes(b"bytes")
    with cloning(source, target) as copy:
        assert copy is not None
        copy.abandon()  # was never begun
        copy.begin()
        copy.abandon()
    assert not target.exists()


def test_a_source_that_went_is_told_to_who_waits(tmp_path: Path) -> None:
    with cloning(tmp_path / "gone", tmp_path / "next") as copy:
        assert copy is not None
        with pytest.raises(FileNotFoundError):
            copy.finish()


def test_a_disk_that_cannot_copy_by_itself_is_copied_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> int:
        raise OSError("cross-device")

    source, target = tmp_path / "last", tmp_path / "next"
    source.write_bytes(b"bytes")
    monkeypatch.setattr(os, "copy_file_range", refuses)
    clone(source, target)
    assert target.read_bytes() == b"bytes"


def test_a_system_without_that_call_is_copied_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "last", tmp_path / "next"
    source.write_bytes(b"bytes")
    monkeypatch.delattr(os, "copy_file_range", raising=False)
    clone(source, target)
    assert target.read_bytes() == b"bytes"
