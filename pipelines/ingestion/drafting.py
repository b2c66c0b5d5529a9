"""Draft a mapping for a foreign file: by its headers, then by what its values can be.

A draft is for a person to finish: what is unsure stays a comment, and keys are never
guessed, since a wrong key joins the wrong rows without a sound.
"""

import difflib
import re
import tempfile
from collections.abc import Mapping as Names
from dataclasses import dataclass
from pathlib import Path

import duckdb
import yaml

from data_contracts.contract import Column, ColumnType, ExtractContract
from data_contracts.errors import ContractError
from pipelines.ingestion import reading
from pipelines.ingestion.casting import cast, literal, name
from pipelines.ingestion.engine import guarded
from pipelines.ingestion.mapping import load_mapping, mapping_names
from pipelines.ingestion.probe import prepare
from pipelines.ingestion.sources import SourceFile
from pipelines.ingestion.wording import same_in_words

_ALIKE = 0.75  # below, two names have nothing to do with each other
_MOST_READ = 0.95  # share of values a column's type must be able to read
_FORMATS = (
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y%m%d",
    "%d/%m/%y",
    "%m/%d/%y",
)
_LOOKS = {  # columns known by what stands in them
    "email": r"[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}",
    "currency": r"[A-Z]{3}",
    "country": r"[A-Z]{2}",
    "latitude": r"-?\d{1,2}\.\d{3,}",
}
_EPOCHS = (("epoch_seconds", 10), ("epoch_milliseconds", 13))


@dataclass(frozen=True, slots=True)
class Draft:
    """A mapping begun.

    ``text`` is YAML to save, finish and name in sources.yaml; ``unsure`` says which
    columns a person must decide, ``unused`` which headers nothing reads.
    """

    text: str
    unsure: tuple[str, ...]
    unused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Guess:
    header: str
    recipe: dict[str, str]
    doubt: str = ""


def draft_mapping(path: Path, contract: ExtractContract) -> Draft:
    """Propose where each column of a contract may come from in a file.

    Parameters
    ----------
    path : Path
        A csv, tsv or parquet file with a header.
    contract : ExtractContract

    Returns
    -------
    Draft
        Every column of the contract is in its text, decided or as a comment.

    Raises
    ------
    ContractError
        If the file cannot be read, or is JSON lines, whose fields have no header.

    Notes
    -----
    A header is sure where it is the column's own name or that of a ready-made mapping,
    spelling aside; it is a proposal where it is merely like it, in letters or in words,
    or where its values alone look so: e-mails, currencies, the words of a list. Dates
    decide between day-first and month-first only where the whole column leaves one
    reading.
    """
    with tempfile.TemporaryDirectory(prefix="aop-draft-") as folder:
        scratch = Path(folder)
        prepared = prepare(SourceFile(path.resolve(), path.name), scratch)
        if not prepared.header:
            raise ContractError(
                f"{path.name} is JSON lines; a draft is made from a header",
                fix="export it as csv, or copy data_contracts/mappings/stripe.yaml",
            )
        with guarded([prepared.path], scratch) as connection:
            try:
                table = reading.table_of(prepared, nulls=())
                connection.execute(f"create table given as {table}")
            except duckdb.Error as error:
                raise ContractError(
                    f"{path.name} cannot be read: {str(error).splitlines()[0]}",
                    fix=f"see what is wrong: aop extracts check {path}",
                ) from error
            found = _guesses(connection, contract, reading.headers(prepared))
    return _written(path, contract, found, prepared.header)


def _plain(text: str) -> str:
    """Reduce a name to its letters, without case, signs or a custom field's ending."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"(__c|_c)$", "", text).lower())


def _known_names(contract: ExtractContract) -> Names[str, set[str]]:
    """Collect the headers that ready-made mappings read for each column."""
    known: dict[str, set[str]] = {one.name: {one.name} for one in contract.columns}
    for mapping in mapping_names():
        recipe = load_mapping(mapping, Path()).contracts.get(contract.id)
        for column, one in (recipe.columns if recipe else {}).items():
            known[column] |= {header.split(".")[-1] for header in one.headers}
    plain = {column: {_plain(one) for one in names} for column, names in known.items()}
    # `Account Name` in a file of accounts is its name
    entity = _plain(contract.table).removesuffix("s")
    for column, names in plain.items():
        names.add(entity + _plain(column))
    return plain


def _guesses(
    connection: duckdb.DuckDBPyConnection, contract: ExtractContract, headers: list[str]
) -> dict[str, _Guess]:
    known = _known_names(contract)
    free = list(headers)
    found: dict[str, _Guess] = {}
    for is_exact in (True, False):
        for column in contract.columns:
            if column.name in found or (column.primary_key and not is_exact):
                continue
            likely = [_match(column, known[column.name], free, is_exact=is_exact)]
            if not is_exact:
                likely.append(same_in_words(column.name, free))
                likely.append(_of_such_values(connection, column, free))
            for header in likely:
                guess = _read(connection, column, header) if header else None
                if header is None or guess is None:
                    continue
                if not is_exact:
                    doubt = guess.doubt or _why(column, header, known)
                    guess = _Guess(header, guess.recipe, doubt)
                found[column.name] = guess
                free.remove(header)
                break
    return found


def _match(
    column: Column, known: set[str], headers: list[str], *, is_exact: bool
) -> str | None:
    # the column's own name first: `name` must not lose to a mapping's `description`
    own = [header for header in headers if _plain(header) == _plain(column.name)]
    exact = own or [header for header in headers if _plain(header) in known]
    if is_exact and column.primary_key and len(exact) > 1:
        return None  # two may be the key: a person says which
    if is_exact:
        return exact[0] if exact else None
    scored = [
        (max(difflib.SequenceMatcher(None, _plain(h), one).ratio() for one in known), h)
        for h in headers
    ]
    best = max(scored, default=(0.0, ""))
    return best[1] if best[0] >= _ALIKE else None


def _of_such_values(
    connection: duckdb.DuckDBPyConnection, column: Column, headers: list[str]
) -> str | None:
    """Return the one header whose every value looks like the column's, if there is."""
    if column.allowed:
        words = ", ".join(literal(word) for word in column.allowed)
        test = f"lower(\0) in ({words})"
    elif column.name in _LOOKS:
        test = f"regexp_full_match(\0, {literal(_LOOKS[column.name])})"
    else:
        return None
    alike = [
        header
        for header in headers
        if _filled(connection, header)
        and _share(connection, name(header), test.replace("\0", name(header))) == 1
    ]
    return alike[0] if len(alike) == 1 else None


def _why(column: Column, header: str, known: Names[str, set[str]]) -> str:
    is_like = _match(column, known[column.name], [header], is_exact=False)
    is_like = is_like or same_in_words(column.name, [header])
    return "only a like name" if is_like else "only its values look so"


def _filled(connection: duckdb.DuckDBPyConnection, header: str) -> bool:
    found = connection.execute(f"from given select count({name(header)})").fetchone()
    return bool(found and found[0])


def _read(
    connection: duckdb.DuckDBPyConnection, column: Column, header: str
) -> _Guess | None:
    """Find how a header's values can be read as a column; None where they cannot."""
    text = name(header)
    if column.allowed:
        words = ", ".join(literal(word) for word in column.allowed)
        strange = _share(connection, text, f"{text} in ({words})") < 1
        doubt = f"say what its values mean: {', '.join(column.allowed)}"
        return _Guess(header, {"from": header}, doubt if strange else "")
    if column.type is ColumnType.STRING:
        return _Guess(header, {"from": header})
    is_moment = column.type in (ColumnType.DATE, ColumnType.TIMESTAMP)
    if is_moment:
        for unit, digits in _EPOCHS:
            pattern = literal(rf"^\d{{{digits}}}$")
            if _share(connection, text, f"regexp_matches({text}, {pattern})") == 1:
                return _Guess(header, {"from": header, "unit": unit})
    if _share(connection, text, f"{cast(column, text)} is not null") >= _MOST_READ:
        return _Guess(header, {"from": header})
    if is_moment:
        fits = [
            one
            for one in _FORMATS
            if _share(
                connection, text, f"try_strptime({text}, {literal(one)}) is not null"
            )
            == 1
        ]
        if fits:
            doubt = f"it may as well be {' or '.join(fits[1:])}" if fits[1:] else ""
            return _Guess(header, {"from": header, "format": fits[0]}, doubt)
        return None
    comma = literal(r"^-?\d{1,3}(\.?\d{3})*,\d+$")
    if _share(connection, text, f"regexp_matches({text}, {comma})") == 1:
        return _Guess(header, {"from": header, "decimal": ","})
    return None


def _share(connection: duckdb.DuckDBPyConnection, text: str, predicate: str) -> float:
    """Return the share of filled values of which something is true; 1 without any."""
    row = connection.execute(
        f"from given select avg(case when {predicate} then 1.0 else 0.0 end) "
        f"where {text} is not null"
    ).fetchone()
    return 1.0 if row is None or row[0] is None else float(row[0])


def _written(
    path: Path,
    contract: ExtractContract,
    found: Names[str, _Guess],
    header: tuple[str, ...],
) -> Draft:
    lines = [
        f"name: {_plain(path.stem) or 'draft'}",
        f"description: Drafted from {path.name}; decide what is a comment.",
        f"files: {{data: {_yaml(path.name)}}}",
        "contracts:",
        f"  {contract.id}:",
        "    file: data",
        "    columns:",
    ]
    unsure = []
    for column in contract.columns:
        guess = found.get(column.name)
        if guess is None:
            if column.required:
                kind = "a key is never guessed" if column.primary_key else "required"
                unsure.append(f"{column.name}: {kind}; write its header")
                lines.append(f"      # {column.name}: {kind}; {column.description}")
            else:
                lines.append(f"      # {column.name}: {column.description}")
            continue
        written = _yaml(guess.header) if len(guess.recipe) == 1 else _yaml(guess.recipe)
        if guess.doubt:
            unsure.append(f"{column.name}: from {guess.header}? {guess.doubt}")
            lines.append(f"      # {column.name}: {written} # {guess.doubt}")
        else:
            lines.append(f"      {column.name}: {written}")
    used = {guess.header for guess in found.values()}
    return Draft(
        text="\n".join(lines) + "\n",
        unsure=tuple(unsure),
        unused=tuple(one for one in header if one not in used),
    )


def _yaml(value: object) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=1_000)
    return text.removesuffix("...\n").strip()
