"""Whatever was delivered is read as plain UTF-8, and what was done is said."""

import gzip
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.errors import ContractError
from pipelines.ingestion import probe as module
from pipelines.ingestion.probe import Prepared, prepare
from pipelines.ingestion.sources import SourceFile

TEXT = 'id,name\n1,Zoë\n2,"Jürgen, Köln"\n'


@pytest.fixture
def probe(tmp_path: Path) -> Callable[[str, bytes], Prepared]:
    def run(name: str, content: bytes) -> Prepared:
        path = tmp_path / name
        path.write_bytes(content)
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        return prepare(SourceFile(path, name), scratch)

    return run


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", ()),
        ("utf-8-sig", ()),
        ("utf-16", ("encoding utf-16",)),
        ("utf-16-le", ("encoding utf-16-le",)),
        ("utf-16-be", ("encoding utf-16-be",)),
        ("latin-1", ("encoding cp1252",)),
    ],
)
def test_encodings_are_detected_and_said(probe, encoding, note) -> None:
    found = probe("a.csv", TEXT.encode(encoding))
    assert found.header == ("id", "name")
    assert found.notes == note
    assert "Jürgen, Köln" in found.path.read_text(encoding="utf-8")
    assert found.lines == 3


def test_a_utf8_file_with_one_broken_byte_stays_utf8(probe) -> None:
    found = probe("a.csv", TEXT.encode() + b"3,\xff\n")
    assert found.notes == ()


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|", "^", "`"])
def test_the_delimiter_is_the_one_that_splits_the_header_most(probe, delimiter) -> None:
    head = delimiter.join(["id", '"last, first"', "c"])
    assert probe("a.csv", f"{head}\n".encode()).delimiter == delimiter


def test_a_tsv_is_split_at_tabs_alone(probe) -> None:
    assert probe("a.tsv", b"a,b,c\td\n").header == ("a,b,c", "d")


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_ending_is_read(probe, ending) -> None:
    found = probe("a.csv", f"a,b{ending}1,2{ending}".encode())
    assert (found.header, found.lines) == (("a", "b"), 2)


def zipped(data: bytes, tmp_path: Path, *names: str) -> bytes:
    path = tmp_path / "made.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, data)
    return path.read_bytes()


def test_packed_files_are_unpacked(probe, tmp_path) -> None:
    data = TEXT.encode()
    zst = pa.compress(data, codec="zstd", asbytes=True)
    for name, packed in (
        ("a.csv.gz", gzip.compress(data)),
        ("a.csv.zst", zst),
        ("a.csv.zip", zipped(data, tmp_path, "inner.csv")),
    ):
        assert probe(name, packed).path.read_bytes() == data


def test_damaged_packing_is_refused(probe, tmp_path) -> None:
    data = TEXT.encode() * 50
    zst = pa.compress(data, codec="zstd", asbytes=True)
    for name, packed in (
        ("a.csv.gz", gzip.compress(data)[:-10]),
        ("a.csv.zst", zst[: len(zst) // 2]),
        ("a.csv.zst", b"not zstd at all"),
        ("a.csv.zip", zipped(data, tmp_path, "a.csv", "b.csv")),
        ("a.csv.zip", b"not a zip"),
    ):
        with pytest.raises(ContractError, match="cannot be read"):
            probe(name, packed)


@pytest.mark.parametrize("content", [b"\n\n", b",,,\n", b"\xef\xbb\xbf\n1,2\n"])
def test_a_file_without_header_is_refused(probe, content) -> None:
    with pytest.raises(ContractError, match="has no header line"):
        probe("a.csv", content)


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(
    text=st.text("aü€😀,", min_size=1, max_size=30),
    chunk=st.integers(1, 9),
    cut=st.integers(0, 3),
)
def test_a_character_on_the_edge_of_a_chunk_is_no_broken_one(
    text: str, chunk: int, cut: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK", chunk)
        path = Path(folder) / "a.csv"
        path.write_bytes(b"name\n" + text.encode())
        assert module._encoding(path) == "utf-8"
        wide = sum(char > "\x7f" for char in text)
        path.write_bytes(b"name\n" + ("ü" * (wide + cut)).encode("latin-1") + b"a")
        assert module._encoding(path) == ("cp1252" if wide + cut else "utf-8")


def test_a_last_letter_that_is_not_utf_8_is_told_from_a_cut_one(tmp_path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("name\nZoë".encode("latin-1"))
    assert module._encoding(path) == "cp1252"
    path.write_bytes("name\nZoë, Zoë".encode()[:-1])
    assert module._encoding(path) == "utf-8"
