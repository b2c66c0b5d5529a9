"""What judging leaves in scratch: every row typed, and the first rule it broke."""

from dataclasses import dataclass
from pathlib import Path

from data_contracts.contract import ExtractContract
from data_contracts.errors import ContractError
from pipelines.ingestion.casting import faults
from pipelines.ingestion.sources import SourceFile
from pipelines.ingestion.splitting import Reject

_SHOWN_FAULTS = 3


@dataclass(frozen=True, slots=True)
class StagedFile:
    """One file judged row by row; ``path`` is Parquet in the file's order.

    ``rows`` counts every record, ``bad`` those that broke a rule, rejects in both.
    ``first_line`` is the line of the first record, the others following line by line;
    None where rows carry their own ``_line``, in the Parquet or, where ``lines`` names
    it, in another beside it, row for row. ``is_change`` says that its rows replace
    what files before it hold under the same key.
    """

    file: SourceFile
    path: Path
    rows: int
    bad: int
    rejects: tuple[Reject, ...]
    first_line: int | None
    notes: tuple[str, ...]
    lines: Path | None = None
    is_change: bool = False


def check_share(
    contract: ExtractContract,
    file: SourceFile,
    rows: int,
    bad: int,
    counts: dict[int, int],
) -> None:
    """Refuse a file most of whose rows are bad: it is the wrong file, or misread."""
    if bad <= contract.refusal_share * rows:
        return
    every = faults(contract)
    worst = sorted(counts.items(), key=lambda item: -item[1])[:_SHOWN_FAULTS]
    told = "; ".join(
        f"{count:,} × {every[place].column or 'row'}: {every[place].rule}"
        for place, count in worst
        if place >= 0
    )
    raise ContractError(
        f"{file.shown}: {bad:,} of {rows:,} rows break {contract.id}"
        + (f" ({told})" if told else ""),
        fix=f"see each row: aop extracts check {file.path}",
    )
