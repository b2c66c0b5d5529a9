"""How a prepared file reads as SQL: its relation, and each canonical column's text."""

import difflib

from data_contracts.contract import ExtractContract
from data_contracts.errors import ContractError
from pipelines.ingestion.casting import (
    SHAPELESS,
    STOOD_IN,
    filled,
    literal,
    name,
    recipe_text,
)
from pipelines.ingestion.mapping import ColumnRecipe
from pipelines.ingestion.probe import Prepared
from pipelines.ingestion.sources import Delivery
from pipelines.ingestion.splitting import LONGEST_RECORD
from pipelines.ingestion.standins import STAND_IN

_JSON_GAP = "\x01"  # may not stand unescaped in JSON, so it never splits a line


def relation(prepared: Prepared) -> str:
    """Return SQL that reads a file, every column as text, in the file's order."""
    path = literal(str(prepared.path))
    if prepared.kind == "parquet":
        return f"read_parquet({path})"
    if prepared.kind == "jsonl":
        lines = (
            f"read_csv({path}, auto_detect=false, header=false, quote='', escape='', "
            f"delim={literal(_JSON_GAP)}, columns={{'line': 'VARCHAR'}}, "
            f"max_line_size={LONGEST_RECORD})"
        )
        return (
            f"(from {lines} select line as text, "
            "case when json_valid(line) then line end as line "
            "where trim(text) <> '')"
        )
    columns = ", ".join(f"{literal(one)}: 'VARCHAR'" for one in headers(prepared))
    return (
        f"read_csv({path}, auto_detect=false, header=true, quote='\"', escape='\"', "
        f"delim={literal(prepared.delimiter)}, columns={{{columns}}}, "
        f"store_rejects=true, max_line_size={LONGEST_RECORD}, "
        f"buffer_size={2 * LONGEST_RECORD})"
    )


def shape_fault(
    prepared: Prepared, *, has_stand_ins: bool = False
) -> tuple[str, int] | None:
    """Return SQL that is true where a row has no shape at all, and that fault."""
    if has_stand_ins:
        first = f"_row.{name(headers(prepared)[0])}"
        return f"{first} = {literal(STAND_IN)}", STOOD_IN
    return ("_row.line is null", SHAPELESS) if prepared.kind == "jsonl" else None


def breaks_in_record(prepared: Prepared) -> str:
    """Return SQL that counts the line breaks inside one record's values."""
    counts = [
        f"coalesce(length({name(one)}) - length(replace({name(one)}, chr(10), '')), 0)"
        for one in headers(prepared)
    ]
    return " + ".join(counts)


def headers(prepared: Prepared) -> list[str]:
    """Give every column of the file a name of its own; SQL does not see case."""
    seen: set[str] = set()
    names = []
    for place, header in enumerate(prepared.header):
        one = header.replace("\0", "") or f"column {place + 1}"
        while one.lower() in seen:
            one = f"{one} again"
        seen.add(one.lower())
        names.append(one)
    return names


def recipes(contract: ExtractContract, delivery: Delivery) -> dict[str, ColumnRecipe]:
    """Return how each canonical column is filled; by its own name without a mapping.

    Raises
    ------
    ContractError
        If the mapping fills a column the contract does not have.
    """
    own = [column.name for column in contract.columns]
    if delivery.recipe is None:
        return {one: ColumnRecipe.model_validate({"from": one}) for one in own}
    for column in delivery.recipe.columns:
        if column not in own:
            raise ContractError(
                f"the mapping fills {column!r}, which {contract.id} does not have",
                fix=f"use one of {', '.join(own)}",
            )
    return delivery.recipe.columns


def texts(
    contract: ExtractContract, delivery: Delivery, prepared: Prepared
) -> dict[str, str]:
    """Return the SQL of each canonical column's text; absent columns are left out.

    Raises
    ------
    ContractError
        If the file lacks a column that the contract requires.
    """
    nulls = delivery.mapping.nulls if delivery.mapping else ()
    chosen = recipes(contract, delivery)
    readers = _readers(prepared)
    found = {}
    for column in contract.columns:
        recipe = chosen.get(column.name)
        if recipe is None:
            if column.required:
                raise ContractError(
                    f"the mapping leaves out {column.name}, which {contract.id} needs",
                    fix="add it under columns in the mapping",
                )
            continue
        if prepared.kind == "jsonl":
            readers |= {one: _json_text(one) for one in recipe.headers}
        missing = [one for one in recipe.headers if one not in readers]
        if missing and len(missing) < len(recipe.coalesce):
            left = tuple(one for one in recipe.coalesce if one in readers)
            recipe = recipe.model_copy(update={"coalesce": left})
        elif missing:
            if column.required or prepared.header.count(missing[0]) > 1:
                raise missing_column(contract, prepared, missing[0])
            continue
        found[column.name] = recipe_text(recipe, readers, nulls)
    return found


def new_columns(
    contract: ExtractContract, delivery: Delivery, prepared: Prepared
) -> tuple[str, ...]:
    """Warn of columns the contract does not have yet; a mapping chooses on purpose."""
    own = {column.name for column in contract.columns}
    new = [one for one in prepared.header if one not in own and not one.startswith("_")]
    if delivery.recipe is not None or not new:
        return ()
    told = ", ".join(new)
    return (f"{told} not in {contract.id} {contract.version}, and not loaded",)


def missing_column(
    contract: ExtractContract, prepared: Prepared, column: str
) -> ContractError:
    """Return the refusal of a file that lacks a column, or has it twice."""
    shown = prepared.file.shown
    count = prepared.header.count(column)
    if count > 1:
        return ContractError(
            f"{shown} has column {column} {count} times",
            fix="export it with each column once",
        )
    folded = {header.lower(): header for header in prepared.header}
    near = difflib.get_close_matches(column.lower(), folded, n=1, cutoff=0.5)
    hint = f" ({folded[near[0]]} looks like it)" if near else ""
    return ContractError(
        f"{shown} lacks column {column}{hint}, which {contract.id} needs",
        fix="export it under that name, or map the file's own name to it: a mapping "
        "file named in sources.yaml",
    )


def table_of(prepared: Prepared, nulls: tuple[str, ...]) -> str:
    """Return SQL for a whole file as text, blanks and words for nothing made null.

    JSON lines become one column, ``json``, for SQL to take apart.
    """
    if prepared.kind == "jsonl":
        return f"from {relation(prepared)} select cast(line as json) as json"
    if prepared.kind == "parquet":
        columns = {one: f"cast({name(one)} as varchar)" for one in prepared.header}
    else:
        columns = {one: name(one) for one in headers(prepared)}
    selected = ", ".join(
        f"{filled(text, nulls)} as {name(one)}" for one, text in columns.items()
    )
    return f"from {relation(prepared)} select {selected}"


def _readers(prepared: Prepared) -> dict[str, str]:
    if prepared.kind == "parquet":
        return {one: f"cast({name(one)} as varchar)" for one in prepared.header}
    return {
        header: name(column)
        for header, column in zip(prepared.header, headers(prepared), strict=True)
        if prepared.header.count(header) == 1
    }


def _json_text(path: str) -> str:
    steps = "".join(f'."{step}"' for step in path.replace('"', "").split("."))
    return f"json_extract_string(line, {literal('$' + steps)})"
