"""Write extracts as files, a whole night or nothing of it."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_contracts.errors import PolicyError
from pipelines.demo.frames import TIME_FORMAT
from pipelines.demo.vendors import SHAPES, shaped

BIG: Final = frozenset(
    {
        "crm-opportunities", "crm-opportunity-history", "billing-invoices",
        "billing-invoice-lines", "crm-opportunity-field-history",
    }
)  # fmt: skip
ENDING: Final = {"plain": "", "gzip": ".gz", "zstd": ".zst"}
_DELIVERY: Final = {
    "full": "a missing row is a deleted row",
    "changes": "only what changed since the night before",
}


@dataclass(frozen=True, slots=True)
class Style:
    """How a night is delivered."""

    layout: Literal["canonical", "vendor"] = "canonical"
    file: Literal["csv", "parquet"] = "csv"  # the vendors' own are CSV and JSON lines
    packing: Literal["plain", "gzip", "zstd"] = "gzip"  # of the big tables
    delivery: Literal["full", "changes"] = "full"
    history: Literal["snapshots", "fields"] = "snapshots"  # of deals, in the CRM

    def checked(self) -> "Style":
        """Return itself, or say which value does not exist.

        Raises
        ------
        PolicyError
            If a value is not one of those listed, or two do not go together.
        """
        for part in fields(self):
            value, known = getattr(self, part.name), get_args(part.type)
            if value not in known:
                raise PolicyError(
                    f"demo {part.name} {value!r} does not exist",
                    fix=f"choose one of {', '.join(known)}",
                )
        if self.layout == "vendor" and self.file == "parquet":
            raise PolicyError(
                "demo layout 'vendor' has files of its own, not parquet",
                fix="choose layout canonical, or leave file out",
            )
        return self

    @property
    def sources(self) -> str:
        """Text of a sources.yaml that reads what this style delivers."""
        if self.layout == "canonical":
            places = ["folder: landing\n    layout: by_contract"]
        else:
            systems = sorted({shape.folder.split("/")[0] for shape in SHAPES.values()})
            places = [
                f"folder: landing/{one}\n    mapping: demo_{one}" for one in systems
            ]
        told = "".join(
            f"  - {place}\n    delivery: {self.delivery}\n" for place in places
        )
        return (
            "# Where the extracts are and how their columns map onto the contracts.\n"
            f"# delivery: {_DELIVERY[self.delivery]}\nsources:\n{told}"
        )


def style_of(**words: str) -> Style:
    """Return a style by the words a command was given.

    Raises
    ------
    PolicyError
        If a word is not one of those listed, or two do not go together.

    Examples
    --------
    >>> style_of(layout="vendor", delivery="changes").delivery
    'changes'
    """
    given: dict[str, Any] = dict(words)
    return Style(**given).checked()


class Deliverer:
    """Writes night after night; remembers the last one to deliver only changes.

    Parameters
    ----------
    landing : Path
        Folder the files go to; files of the same night are replaced.
    style : Style
        Layout, file kind, packing, and full or changed rows only.
    """

    def __init__(self, landing: Path, style: Style) -> None:
        self.landing, self.style = landing, style.checked()
        self._known: dict[str, list[NDArray[np.uint64]]] | None = None

    def deliver(
        self, pieces: Iterable[tuple[str, pl.DataFrame]], night: str
    ) -> dict[str, int]:
        """Write one night's extracts.

        Parameters
        ----------
        pieces : iterable of (contract id, frame)
            Pieces of one contract are written one after the other.
        night : str
            ISO date, the stem of every file.

        Returns
        -------
        dict
            Rows by contract. A file appears under its name only when all files of
            the night are complete.
        """
        self.landing.mkdir(parents=True, exist_ok=True)
        draft = self.landing / f".{night}.part"
        shutil.rmtree(draft, ignore_errors=True)
        rows: dict[str, int] = {}
        seen: dict[str, list[NDArray[np.uint64]]] = {}
        try:
            for contract, frame in pieces:
                piece = self._news(contract, frame, seen)
                if self._known is None or len(piece):
                    self._append(draft / self._place(contract, night), contract, piece)
                    rows[contract] = rows.get(contract, 0) + len(piece)
            self._publish(draft, night)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        if self.style.delivery == "changes":
            self._known = seen
        return rows

    def _publish(self, draft: Path, night: str) -> None:
        """Move complete files into place; other files of the same night go."""
        parts = sorted(part for part in draft.rglob("*") if part.is_file())
        new = {self.landing / part.relative_to(draft) for part in parts}
        for part in parts:
            final = self.landing / part.relative_to(draft)
            final.parent.mkdir(parents=True, exist_ok=True)
            part.replace(final)
            for old in final.parent.glob(f"{night}.*"):
                if old not in new:  # of another packing or kind
                    old.unlink()

    def _news(
        self,
        contract: str,
        frame: pl.DataFrame,
        seen: dict[str, list[NDArray[np.uint64]]],
    ) -> pl.DataFrame:
        """Leave only rows that are new or different since the last night, if asked."""
        if self.style.delivery == "full":
            return frame
        marks = frame.hash_rows().to_numpy()
        seen.setdefault(contract, []).append(marks)
        if self._known is None:
            return frame
        before = np.concatenate([*self._known.get(contract, []), marks[:0]])
        return frame.filter(pl.Series(~np.isin(marks, before)))

    def _place(self, contract: str, night: str) -> Path:
        system, table = contract.split("-", maxsplit=1)
        folder, suffix = f"{system}/{table.replace('-', '_')}", "csv"
        if self.style.layout == "vendor":
            folder, suffix = SHAPES[contract].folder, SHAPES[contract].suffix
        if self.style.file == "parquet":
            return Path(folder, f"{night}.parquet")
        return Path(folder, f"{night}.{suffix}{ENDING[self._packing(contract)]}")

    def _packing(self, contract: str) -> Literal["plain", "gzip", "zstd"]:
        return self.style.packing if contract in BIG else "plain"

    def _append(self, path: Path, contract: str, frame: pl.DataFrame) -> None:
        """Add a piece to a file; packed pieces are members one after the other."""
        is_first = not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.style.layout == "vendor":
            frame = shaped(contract, frame)
        if self.style.file == "parquet":
            number = len(list(path.parent.glob(f"{path.stem}*")))
            if number:  # further pieces are files of their own
                path = path.with_name(f"{path.stem}.{number:03}.parquet")
            frame.write_parquet(path, compression="zstd", statistics=True)
            return
        with path.open("ab") as stream:
            self._write(stream, contract, frame, is_first=is_first)

    def _write(
        self, stream: BinaryIO, contract: str, frame: pl.DataFrame, *, is_first: bool
    ) -> None:
        packing = self._packing(contract)
        how: Literal["uncompressed", "gzip", "zstd"] = (
            "uncompressed" if packing == "plain" else packing
        )
        level = {"plain": None, "gzip": 6, "zstd": 3}[packing]
        if self.style.layout == "vendor" and SHAPES[contract].suffix == "jsonl":
            frame.write_ndjson(
                stream, compression=how, compression_level=level, check_extension=False
            )
            return
        frame.write_csv(
            stream,
            include_header=is_first,
            datetime_format=TIME_FORMAT,
            compression=how,
            compression_level=level,
            check_extension=False,
        )
