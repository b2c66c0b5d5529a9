"""Send quarantined rows back through the door: repaired by people, or under new rules.

What passes is put beside the deliveries of its night as a file of its own, which the
next refresh lands like any other; what does not stays where it is.
"""

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from data_contracts.changes import lenient
from data_contracts.contract import ExtractContract
from data_contracts.errors import ContractError
from pipelines.files import write_parquet
from pipelines.ingestion.casting import DUPLICATE_KEY, ROW_SHAPE, Fault, faults
from pipelines.ingestion.mapping import ContractRecipe, Mapping, load_mapping
from pipelines.ingestion.records import (
    REPLAY_SCHEMA,
    quarantine_file,
    read_loads,
    replay_log,
    replayed_file,
)
from pipelines.ingestion.sources import (
    Delivery,
    SourceFile,
    deliveries,
    load_sources,
)
from pipelines.ingestion.staging import stage
from pipelines.settings import Settings

_LINKS = {"_night": pl.Date, "_file": pl.String, "_line": pl.Int64, "_row": pl.String}
_TOLD = ("_rule", "_column", "_value")
_JSON = "json"  # the column of a row that came as JSON lines


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row that is refused again."""

    night: date
    file: str
    line: int | None
    rule: str


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of every row tried: ``tried = accepted + refused + left``.

    ``left`` rows could not be tried: a line that never split into columns has no row, a
    night whose files are gone cannot be amended, and of rows with one key the last
    stands unless people mend the others.
    """

    contract: str
    tried: int
    accepted: int
    refused: tuple[Refusal, ...]
    left: int
    nights: tuple[date, ...]


def export(contract: ExtractContract, settings: Settings, out: Path) -> int:
    """Write the open rows of quarantine as CSV, to be repaired and replayed.

    Parameters
    ----------
    contract : ExtractContract
    settings : Settings
    out : Path
        Written anew: the rows' own columns, then ``_night``, ``_file``, ``_line`` and
        ``_row``, which say which row it is, and ``_rule``, ``_column``, ``_value``, why
        it is there. Rows that came as JSON lines have one column ``json``.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    ContractError
        If nothing is in quarantine.
    """
    rows = _open_rows(contract, settings)
    if rows.is_empty():
        raise ContractError(
            f"no row of {contract.id} waits in quarantine",
            fix="see what does: aop extracts list",
        )
    delivered = _frame(_taken_apart(rows))
    told = rows.select(
        pl.col("rule").alias("_rule"),
        pl.col("column_name").alias("_column"),
        pl.col("value").alias("_value"),
    )
    frame = pl.concat([delivered, told], how="horizontal")
    last = [*_LINKS, *_TOLD]
    frame = frame.select([one for one in frame.columns if one not in last] + last)
    frame.write_csv(out)
    return frame.height


def replay(
    contract: ExtractContract, settings: Settings, *, repaired: Path | None = None
) -> Replay:
    """Try quarantined rows again under today's contract and mapping.

    Parameters
    ----------
    contract : ExtractContract
    settings : Settings
    repaired : Path, optional
        CSV as `export` writes it, with values mended; without it every open row is
        tried as it was delivered.

    Returns
    -------
    Replay
        Accepted rows are in ``replayed/<system>/<table>/<night>.parquet``; the next
        refresh amends those nights. Replaying them again changes nothing.

    Raises
    ------
    ContractError
        If nothing is in quarantine, or the file does not say which rows it repairs.
    """
    waiting = _open_rows(contract, settings)
    if waiting.is_empty():
        raise ContractError(
            f"no row of {contract.id} waits in quarantine",
            fix="see what does: aop extracts list",
        )
    tried, left = waiting.height, 0
    if repaired is None:
        alone = waiting.filter(pl.col("rule") != DUPLICATE_KEY)
        left = waiting.height - alone.height
        rows = _frame(_taken_apart(alone))
    else:
        rows = _repaired(contract, repaired, waiting)
        tried = rows.height
    by_night = rows.partition_by("_night", as_dict=True, maintain_order=True)
    here = _nights_here(contract, settings)
    accepted = 0
    refused: list[Refusal] = []
    nights: list[date] = []
    for (night,), some in sorted(by_night.items(), key=lambda item: str(item[0])):
        if night not in here:
            left += some.height
            continue
        whole = some.filter(~_is_broken(some))
        left += some.height - whole.height
        if whole.is_empty():
            continue
        good, bad = _judged(contract, whole, night, settings)
        refused += bad
        if good.height:
            _keep(contract, night, good, settings)
            nights.append(night)
            accepted += good.height
    return Replay(
        contract=contract.id,
        tried=tried,
        accepted=accepted,
        refused=tuple(refused),
        left=left,
        nights=tuple(nights),
    )


def _open_rows(contract: ExtractContract, settings: Settings) -> pl.DataFrame:
    """Read the quarantined rows that no replay has sent back yet, by night."""
    folder = quarantine_file(contract, date.min, settings).parent
    files = sorted(folder.glob("*.parquet"))
    if not files:
        return pl.DataFrame()
    rows = pl.read_parquet(files).with_columns(
        pl.col("row_json").map_elements(_digest, pl.String).alias("row_digest")
    )
    log = replay_log(contract, settings)
    if log.is_file():
        keys = ["known_on", "file", "line", "row_digest"]
        rows = rows.join(pl.read_parquet(log), on=keys, how="anti", nulls_equal=True)
    return rows.sort("known_on", "file", "line", maintain_order=True)


def _digest(row_json: str) -> str:
    """Name a quarantined row by its text, as SQL's md5 does."""
    return hashlib.md5(row_json.encode(), usedforsecurity=False).hexdigest()


def _frame(rows: list[dict[str, object]]) -> pl.DataFrame:
    own = {name: pl.String for row in rows for name in row if name not in _LINKS}
    return pl.DataFrame(rows, schema={**own, **_LINKS}, orient="row")


def _taken_apart(rows: pl.DataFrame) -> list[dict[str, object]]:
    """Give every quarantined row its own columns back, as text."""
    found = []
    for row in rows.to_dicts():
        held = json.loads(row["row_json"])
        if row["rule"] == ROW_SHAPE and set(held) == {"line"}:
            held = {}  # a line that never was a row
        elif set(held) == {"text", "line"}:
            held = {_JSON: held["text"]}
        values = {
            name: value if isinstance(value, str) or value is None else str(value)
            for name, value in held.items()
        }
        own = (row["known_on"], row["file"], row["line"], row["row_digest"])
        found.append(values | dict(zip(_LINKS, own, strict=True)))
    return found


def _repaired(
    contract: ExtractContract, path: Path, waiting: pl.DataFrame
) -> pl.DataFrame:
    try:
        rows = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ContractError(
            f"{path} cannot be read as CSV: {str(error).splitlines()[0]}",
            fix=f"export the rows again: aop extracts replay --contract {contract.id} "
            "--export FILE",
        ) from error
    missing = [name for name in _LINKS if name not in rows.columns]
    if missing:
        raise ContractError(
            f"{path.name} has no column {missing[0]}, which says what each row repairs",
            fix=f"export the rows again: aop extracts replay --contract {contract.id} "
            "--export FILE",
        )
    rows = rows.drop([name for name in _TOLD if name in rows.columns])
    rows = rows.with_columns(
        pl.col("_night").str.to_date(strict=False),
        pl.col("_line").cast(pl.Int64, strict=False),
    )
    own = ("known_on", "file", "line", "row_digest")
    known = waiting.select(
        pl.col(name).alias(link) for name, link in zip(own, _LINKS, strict=True)
    )
    strange = rows.join(known, on=list(_LINKS), how="anti", nulls_equal=True)
    if strange.height:
        first = strange.row(0, named=True)
        raise ContractError(
            f"{path.name} repairs line {first['_line']} of {first['_file']} on "
            f"{first['_night']}, which does not wait in quarantine",
            fix="keep _night, _file, _line and _row as exported",
        )
    return rows


def _is_broken(rows: pl.DataFrame) -> pl.Expr:
    own = [name for name in rows.columns if name not in _LINKS]
    return pl.all_horizontal(pl.col(own).is_null()) if own else pl.lit(True)


def _nights_here(contract: ExtractContract, settings: Settings) -> set[date]:
    """Return the nights whose files are all still delivered, so may be amended."""
    logged = read_loads(contract, settings)
    there: dict[date, set[str]] = {}
    for one in deliveries(contract, max(logged, default=date.min), settings):
        there.setdefault(one.known_on, set()).update(f.shown for f in one.files)
    return {
        night
        for night, loads in logged.items()
        if {load.file for load in loads} <= there.get(night, set())
    }


def _judged(
    contract: ExtractContract, rows: pl.DataFrame, night: date, settings: Settings
) -> tuple[pl.DataFrame, list[Refusal]]:
    """Hold rows of one night to the contract, as landing would; part good from bad."""
    columns = [name for name in rows.columns if name not in _LINKS]
    mapping, recipe = _reading(contract, columns, settings)
    with tempfile.TemporaryDirectory(prefix="aop-replay-") as name:
        scratch = Path(name)
        if columns == [_JSON]:
            path = scratch / "rows.jsonl"
            path.write_text("".join(f"{one}\n" for one in rows[_JSON]), "utf-8")
        else:
            path = scratch / "rows.parquet"
            rows.select(columns).write_parquet(path)
        delivery = Delivery(
            contract_id=contract.id,
            known_on=night,
            files=(SourceFile(path, path.name),),
            is_full=False,
            is_dated=True,
            mapping=mapping,
            recipe=recipe,
        )
        staged = stage(lenient(contract), delivery, scratch)
        judged = pl.read_parquet(staged[0].path)
    told = pl.concat([judged, rows.select(list(_LINKS))], how="horizontal")
    every = faults(contract)
    bad = told.filter(pl.col("_fault").is_not_null())
    refused = [
        Refusal(
            night=night,
            file=row["_file"],
            line=row["_line"],
            rule=ROW_SHAPE if row["_fault"] < 0 else _named(every[row["_fault"]]),
        )
        for row in bad.to_dicts()
    ]
    good = told.filter(pl.col("_fault").is_null())
    kept = [one.name for one in contract.columns] + list(_LINKS)
    return good.select(kept), refused


def _named(fault: Fault) -> str:
    return f"{fault.column}: {fault.rule}" if fault.column else fault.rule


def _reading(
    contract: ExtractContract, columns: Sequence[str], settings: Settings
) -> tuple[Mapping | None, ContractRecipe | None]:
    """Find how the rows' own columns become canonical; canonical ones as they are."""
    if {one.name for one in contract.columns if one.required} <= set(columns):
        return None, None
    for source in load_sources(settings):
        if source.mapping is None:
            continue
        mapping = load_mapping(source.mapping, settings.home)
        recipe = mapping.contracts.get(contract.id)
        if recipe is None or recipe.sql is not None:
            continue
        headers = {header for one in recipe.columns.values() for header in one.headers}
        if columns == [_JSON] or headers & set(columns):
            return mapping, recipe
    return None, None


def _keep(
    contract: ExtractContract, night: date, good: pl.DataFrame, settings: Settings
) -> None:
    """Put accepted rows beside the night's deliveries, and into the replay log."""
    path = replayed_file(contract, night, settings)
    if path.is_file():
        good = pl.concat([pl.read_parquet(path), good]).unique(
            ["_file", "_line", "_row"], keep="last", maintain_order=True
        )
    write_parquet(good.sort("_file", "_line", "_row", maintain_order=True), path)
    log = replay_log(contract, settings)
    sent = good.select(
        pl.lit(night, pl.Date).alias("known_on"),
        pl.lit(contract.id).alias("contract"),
        pl.col("_file").alias("file"),
        pl.col("_line").alias("line"),
        pl.col("_row").alias("row_digest"),
    )
    if log.is_file():
        sent = pl.concat([pl.read_parquet(log), sent])
    keys = ["known_on", "file", "line", "row_digest"]
    sent = sent.unique(keys, keep="last").sort(keys)
    write_parquet(
        sent.select(pl.col(name).cast(kind) for name, kind in REPLAY_SCHEMA.items()),
        log,
    )
