"""A broken file gives up its broken lines and nothing else."""

from pathlib import Path

import pytest

from data_contracts.errors import ContractError
from pipelines.ingestion.probe import prepare
from pipelines.ingestion.sources import SourceFile
from pipelines.ingestion.splitting import Split, split


def taken_apart(tmp_path: Path, content: bytes) -> Split:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return split(prepare(SourceFile(path, "a.csv"), scratch), scratch)


@pytest.mark.parametrize(
    ("content", "whole", "told"),
    [
        (b"a,b\n1,2\n3\n5,6\n", b"a,b\n1,2\n5,6\n", [(3, "3", "too few")]),
        (b"a,b\n1,2,3\n5,6\n", b"a,b\n5,6\n", [(2, "1,2,3", "too many")]),
        (b"a,b\n1,2,\n5,6\n", b"a,b\n1,2,\n5,6\n", []),  # a comma too many at the end
        (b'a,b\n1,"2"x\n5,6\n', b"a,b\n5,6\n", [(2, '1,"2"x', "a quote")]),
        (b'a,b\n1,"2\n3,4\n5,6\n', b"a,b\n3,4\n5,6\n", [(2, '1,"2', "a quote")]),
        (b'a,b\n1,"2\n3"\n4\n5,6\n', b'a,b\n1,"2\n3"\n5,6\n', [(4, "4", "too few")]),
        (b"a,b\n1,\xff\n5,6\n5,\xc3\xbc\n", b"a,b\n5,6\n5,\xc3\xbc\n", None),
        (b"a,b\r\n1,2\r\n3,4\n", b"a,b\n1,2\n3,4\n", []),
        (b"a,b\n\n1,2\n \t\n\x1a", b"a,b\n1,2\n", []),
    ],
)
def test_one_broken_line_never_takes_its_neighbours(
    tmp_path: Path,
    content: bytes,
    whole: bytes,
    told: list[tuple[int, str, str]] | None,
) -> None:
    apart = taken_apart(tmp_path, content)
    assert apart.whole.path.read_bytes() == whole
    assert apart.whole.lines == whole.count(b"\n")
    if told is not None:
        assert [(one.line, one.text) for one in apart.rejects] == [
            (line, text) for line, text, _ in told
        ]
        for one, (_, _, reason) in zip(apart.rejects, told, strict=True):
            assert one.reason.startswith(reason)


def test_every_line_is_in_a_record_rejected_or_blank(tmp_path: Path) -> None:
    content = b'a,b\n1,"2\n3"\n\n4\n5,6\n7,"8\n9\n10,11\n'
    apart = taken_apart(tmp_path, content)
    assert list(apart.gaps) == [4, 5, 7, 8]
    assert apart.whole.lines + len(apart.gaps) == content.count(b"\n")


@pytest.mark.parametrize("end", [b"7", b'7,"8', b'7,"8\n9'])
def test_a_file_that_ends_inside_a_record_was_cut_short(
    tmp_path: Path, end: bytes
) -> None:
    with pytest.raises(ContractError, match=r"a\.csv is cut short: line"):
        taken_apart(tmp_path, b"a,b\n1,2\n3,4\n" + end)
