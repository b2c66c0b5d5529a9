"""What the quarantine keeps of a delivery, as SQL over its judged rows."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from data_contracts.contract import ExtractContract
from pipelines.ingestion.casting import (
    DUPLICATE_KEY,
    ROW_SHAPE,
    STOOD_IN,
    faults,
    literal,
    name,
)
from pipelines.ingestion.staged import StagedFile

_REJECTS = {
    "_at": pl.Int32,
    "_line": pl.Int64,
    "rule": pl.String,
    "column_name": pl.String,
    "value": pl.String,
    "row_json": pl.String,
}


def quarantine_query(
    contract: ExtractContract,
    staged: Sequence[StagedFile],
    known_on: date,
    *,
    has_conflicts: bool,
) -> str:
    """Return SQL for every refused row whole, in the order of files and lines.

    It reads ``lined`` (rows with their first fault), ``rejects`` (see `rejects`) and,
    where keys are in conflict, ``surplus``; what there is none of is not looked for.
    """
    parts = ["from rejects"]
    if any(one.bad > len(one.rejects) for one in staged):
        parts.append(_broken(contract))
    if has_conflicts:
        parts.append(_conflicts(contract))
    shown = " ".join(
        f"when {place} then {literal(one.file.shown)}"
        for place, one in enumerate(staged)
    )
    return f"""
        from ({" union all ".join(parts)})
        select date '{known_on}' as known_on, {literal(contract.id)} as contract,
            case _at {shown} end as file, _line as line, rule, column_name, value,
            row_json
        order by _at, _line nulls last, row_json
    """


def _broken(contract: ExtractContract) -> str:
    every = faults(contract)
    rules = " ".join(
        f"when {at} then {literal(one.rule)}" for at, one in enumerate(every)
    )
    columns = " ".join(
        f"when {at} then {literal(one.column)}"
        for at, one in enumerate(every)
        if one.column
    )
    column = f"case _fault {columns} end" if columns else "null"
    return f"""
        from lined
        select _at, _line, case _fault {rules} else '{ROW_SHAPE}' end as rule,
            {column} as column_name, _value as value, _source as row_json
        where _fault is not null and _fault <> {STOOD_IN}
    """


def _conflicts(contract: ExtractContract) -> str:
    pairs = ", ".join(
        f"{literal(one.name)}: {name(one.name)}" for one in contract.columns
    )
    keys = ", ".join(name(key) for key in contract.keys)
    return f"""
        from lined semi join (from surplus where not is_copy) as kept
            using (_at, _record)
        select _at, _line, '{DUPLICATE_KEY}', {literal(", ".join(contract.keys))},
            concat_ws(', ', {keys}), cast(to_json({{{pairs}}}) as varchar)
    """


def rejects(staged: Sequence[StagedFile]) -> pl.DataFrame:
    """Return the lines that could not be split, as rows of the quarantine."""
    lost = [
        (at, reject.line, ROW_SHAPE, None, reject.reason, reject.json)
        for at, one in enumerate(staged)
        for reject in one.rejects
    ]
    return pl.DataFrame(lost, schema=_REJECTS, orient="row")
