"""Recognise a file nobody labelled: which contract it is for, and whose export it is.

A guess is told with its reasons and used to check or to draft, never to load.
"""

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from data_contracts.contract import ExtractContract, all_contracts
from data_contracts.errors import ContractError
from pipelines.ingestion.mapping import (
    ContractRecipe,
    Mapping,
    load_mapping,
    mapping_names,
)
from pipelines.ingestion.probe import prepare
from pipelines.ingestion.sources import SourceFile

_ENOUGH = 0.3  # share of a file's columns that has to be understood
_HEAD_BYTES = 1_000_000
_NO_KEY = ("an id",)  # SQL that finds no id in a file reads another one


@dataclass(frozen=True, slots=True)
class Candidate:
    """One contract a file may be for.

    ``mapping`` is None where the file has the contract's own column names.
    ``understood_share`` says how many of its columns are read, 0 to 1; ``is_named``
    says that the file is called as that export is; ``missing`` are required columns it
    lacks.
    """

    contract: ExtractContract
    mapping: Mapping | None
    understood_share: float
    is_named: bool
    missing: tuple[str, ...]

    @property
    def recipe(self) -> ContractRecipe | None:
        """How the file is read as the contract."""
        return self.mapping.contracts[self.contract.id] if self.mapping else None

    def told(self) -> str:
        """Say in words what the file looks like."""
        by = f"through mapping {self.mapping.name}" if self.mapping else "as it is"
        lacks = f", but lacks {', '.join(self.missing)}" if self.missing else ""
        return (
            f"{self.contract.id} {by} ({self.understood_share:.0%} understood{lacks})"
        )


def recognise(path: Path) -> list[Candidate]:
    """Rank the contracts a file may be for, the likeliest first.

    Parameters
    ----------
    path : Path
        A delivered file of any readable format.

    Returns
    -------
    list of Candidate
        Those that understand enough of the file's columns; empty for none.

    Raises
    ------
    ContractError
        If the file cannot be read.
    """
    headers = headers_of(path)
    found = [_as_it_is(contract, headers, path) for contract in all_contracts()]
    for name in mapping_names():
        mapping = load_mapping(name, Path())
        found += [
            _through(mapping, contract, headers, path)
            for contract in all_contracts()
            if contract.id in mapping.contracts
        ]
    likely = [
        one
        for one in found
        if one.understood_share >= _ENOUGH and one.missing != _NO_KEY
    ]
    return sorted(likely, key=_rank)


def sure(candidates: list[Candidate]) -> Candidate | None:
    """Return the first candidate where it lacks nothing and no other is as good."""
    if not candidates or candidates[0].missing:
        return None
    first = candidates[0]
    best = max(one.understood_share for one in candidates)
    if not first.is_named and first.understood_share < best:
        return None
    rivals = [
        one
        for one in candidates[1:]
        if _rank(one)[:3] == _rank(first)[:3] and one.contract.id != first.contract.id
    ]
    return None if rivals else first


def headers_of(path: Path) -> tuple[str, ...]:
    """Return a file's column names; of JSON lines the keys of the first object."""
    with tempfile.TemporaryDirectory(prefix="aop-recognise-") as folder:
        prepared = prepare(SourceFile(path, path.name), Path(folder))
        if prepared.header:
            return prepared.header
        with prepared.path.open("rb") as lines:
            first = next((one for one in lines if one.strip()), b"")[:_HEAD_BYTES]
    try:
        return tuple(_keys(json.loads(first)))
    except (ValueError, RecursionError) as error:
        raise ContractError(
            f"{path.name} does not begin with a JSON object",
            fix="export it again, one object a line",
        ) from error


def _keys(value: Any, before: str = "") -> list[str]:
    if not isinstance(value, dict) or not value:
        return [before] if before else []
    return [
        key
        for name, inner in value.items()
        for key in _keys(inner, f"{before}.{name}" if before else str(name))
    ]


def _rank(one: Candidate) -> tuple[int, bool, float, bool, str, str]:
    name = one.mapping.name if one.mapping else ""
    share = -round(one.understood_share, 6)
    is_example = name.startswith(("demo_", "adventureworks"))
    return len(one.missing), not one.is_named, share, is_example, name, one.contract.id


def _as_it_is(
    contract: ExtractContract, headers: tuple[str, ...], path: Path
) -> Candidate:
    own = [column.name for column in contract.columns]
    required = [column.name for column in contract.columns if column.required]
    return Candidate(
        contract=contract,
        mapping=None,
        understood_share=_share(headers, own),
        is_named=contract.table in re.split(r"[^a-z_]+", path.stem.lower()),
        missing=tuple(name for name in required if name not in headers),
    )


def _through(
    mapping: Mapping, contract: ExtractContract, headers: tuple[str, ...], path: Path
) -> Candidate:
    recipe = mapping.contracts[contract.id]
    if recipe.sql is not None:
        # what SQL reads is known by its words alone, without the names it gives
        read_by = re.sub(r"\bas\s+\"?\w+", "", recipe.sql)
        words = set(re.findall(r"[A-Za-z_]\w+", read_by))
        read = [name for name in headers if name.split(".")[0] in words]
        share = len(read) / max(1, len(headers))
        is_keyed = any(one.lower().endswith("id") for one in read)
        missing: tuple[str, ...] = () if is_keyed else _NO_KEY
    else:
        read = [one for column in recipe.columns.values() for one in column.headers]
        share = _share(headers, read)
        missing = tuple(
            name
            for name, column in recipe.columns.items()
            if contract.column(name).required
            and column.headers
            and not set(column.headers) & set(headers)
        )
    pattern = mapping.files[recipe.file].removeprefix("**/")
    return Candidate(
        contract=contract,
        mapping=mapping,
        understood_share=share,
        is_named=PurePath(path.name).match(pattern),
        missing=missing,
    )


def _share(headers: tuple[str, ...], read: list[str]) -> float:
    return len(set(headers) & set(read)) / max(1, len(headers))
