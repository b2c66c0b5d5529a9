"""Which judged rows are news: compare them with what is known, write only versions.

Rows are compared by their typed values; the text they came as does not matter.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

import duckdb
import polars as pl

from data_contracts.contract import ExtractContract
from data_contracts.errors import HomeError
from pipelines.files import replacing, write_parquet
from pipelines.ingestion.casting import (
    DUPLICATE_KEY,
    ROW_SHAPE,
    faults,
    literal,
    name,
)
from pipelines.ingestion.engine import MEMORY
from pipelines.ingestion.records import QUARANTINE_SCHEMA
from pipelines.ingestion.staged import StagedFile


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of one file's rows; the four add up to the rows read."""

    loaded: int
    unchanged: int
    quarantined: int
    duplicate: int


class Comparison:
    """One delivery's judged rows beside everything known before it.

    Parameters
    ----------
    contract : ExtractContract
    staged : list of StagedFile
        In the order of the files; of two rows with one key the later stands.
    known : list of Path
        Raw files of earlier nights; empty on the first night.
    connection : DuckDBPyConnection
        See `comparing`.

    Notes
    -----
    Every row keeps ``_at`` (file) and ``_record`` (place in the file), so that what is
    written follows the delivered order and the same files give the same bytes.
    """

    def __init__(
        self,
        contract: ExtractContract,
        staged: list[StagedFile],
        known: list[Path],
        connection: duckdb.DuckDBPyConnection,
    ) -> None:
        self._contract = contract
        self._staged = staged
        self._known = known
        self._db = connection
        self._keys = ", ".join(name(key) for key in contract.keys)
        self._columns = ", ".join(name(one.name) for one in contract.columns)
        self._is_streamed = True  # nothing to leave out: rows may flow straight through

    def settle(self, *, is_full: bool) -> Self:
        """Decide what becomes of every row; nothing is written.

        Parameters
        ----------
        is_full : bool
            A known key that the files do not hold no longer exists.
        """
        parts = [self._judged(place, one) for place, one in enumerate(self._staged)]
        self._db.execute(f"create view judged as {' union all '.join(parts)}")
        self._find_surplus()
        if self._known:
            self._find_unchanged()
        self._is_streamed = not self._known and self._count("from surplus") == 0
        self._find_deleted(is_full=is_full)
        return self

    def counts(self) -> list[Counts]:
        """Return what became of each file's rows, in the order of the files."""
        surplus = self._by_file("from surplus select _at, count(*) where not is_copy")
        copies = self._by_file("from surplus select _at, count(*) where is_copy")
        unchanged = (
            self._by_file("from unchanged select _at, count(*)") if self._known else {}
        )
        made = []
        for place, staged in enumerate(self._staged):
            quarantined = staged.bad + surplus.get(place, 0)
            duplicate = copies.get(place, 0)
            same = unchanged.get(place, 0)
            loaded = staged.rows - quarantined - duplicate - same
            made.append(Counts(loaded, same, quarantined, duplicate))
        return made

    @property
    def deleted(self) -> int:
        """How many known keys a full delivery no longer holds."""
        return self._count("from gone")

    def write_news(self, final: Path, known_on: date, batch: str) -> int:
        """Write new, changed and deleted versions as Parquet; return how many.

        Where there is none, `final` is removed: a night without news has no file.
        """
        shown = " ".join(
            f"when {place} then {literal(one.file.shown)}"
            for place, one in enumerate(self._staged)
        )
        news = f"""
            from judged select {self._columns}, date '{known_on}' as _known_on,
                false as _is_deleted, case _at {shown} end as _file, _line,
                {literal(batch)} as _batch
            where _fault is null
        """
        if not self._is_streamed:
            tables = ("surplus", "unchanged") if self._known else ("surplus",)
            left_out = " union all ".join(
                f"(from {table} select _at, _record)" for table in tables
            )
            news += f"""
                and not exists (
                    from ({left_out}) as out
                    where out._at = judged._at and out._record = judged._record)
                order by _at, _record
            """
        if self.deleted:
            news = f"""
                from ({news}) union all
                from (from gone select {self._columns}, date '{known_on}', true,
                    {literal(self._staged[0].file.shown)}, null, {literal(batch)}
                    order by {self._keys})
            """
        with replacing(final) as temporary:
            written = self._db.execute(
                f"copy ({news}) to {literal(str(temporary))} "
                "(format parquet, compression zstd, compression_level 1)"
            ).fetchone()
        rows = int(written[0]) if written else 0
        if rows == 0:
            final.unlink()
        return rows

    def write_quarantine(self, final: Path, known_on: date) -> int:
        """Write every refused row whole, with the rule it broke; return how many."""
        every = faults(self._contract)
        shown = [one.file.shown for one in self._staged]
        refused = [
            {
                "_at": at,
                "line": line,
                "rule": ROW_SHAPE if fault == -1 else every[fault].rule,
                "column_name": every[fault].column or None if fault >= 0 else None,
                "value": value,
                "row_json": source,
            }
            for at, line, fault, value, source in self._db.execute(
                "from judged select _at, _line, _fault, _value, _source "
                "where _fault is not null"
            ).fetchall()
        ]
        refused += [
            {
                "_at": at,
                "line": reject.line,
                "rule": ROW_SHAPE,
                "column_name": None,
                "value": reject.reason,
                "row_json": reject.json,
            }
            for at, one in enumerate(self._staged)
            for reject in one.rejects
        ]
        refused += [
            {
                "_at": at,
                "line": line,
                "rule": DUPLICATE_KEY,
                "column_name": ", ".join(self._contract.keys),
                "value": key,
                "row_json": row,
            }
            for at, line, key, row in self._db.execute(f"""
                from judged semi join (from surplus where not is_copy) as kept
                    using (_at, _record)
                select _at, _line, concat_ws(', ', {self._keys}),
                    cast(to_json({{{self._pairs()}}}) as varchar)
            """).fetchall()
        ]
        if not refused:
            final.unlink(missing_ok=True)
            return 0
        frame = (
            pl.DataFrame(refused, infer_schema_length=None)
            .sort("_at", "line", "row_json", nulls_last=True)
            .with_columns(
                pl.lit(known_on).alias("known_on"),
                pl.lit(self._contract.id).alias("contract"),
                pl.col("_at")
                .replace_strict(dict(enumerate(shown)), return_dtype=pl.String)
                .alias("file"),
            )
        )
        return write_parquet(
            frame.select(
                pl.col(column).cast(kind) for column, kind in QUARANTINE_SCHEMA.items()
            ),
            final,
        )

    def _pairs(self) -> str:
        return ", ".join(
            f"{literal(one.name)}: {name(one.name)}" for one in self._contract.columns
        )

    def _judged(self, place: int, staged: StagedFile) -> str:
        """Return SQL for one file's rows with the line each starts on."""
        rows = f"read_parquet({literal(str(staged.path))}, file_row_number=true)"
        if staged.first_line is None:
            line = "_line"
        else:
            line = f"file_row_number + {staged.first_line}"
        if staged.has_breaks:
            line += (
                " + coalesce(sum(_breaks) over (order by file_row_number rows "
                "between unbounded preceding and 1 preceding), 0)"
            )
        selected = f"""
            from {rows}
            select {self._columns}, _fault, _value, _source, {place} as _at,
                file_row_number as _record, cast({line} as bigint) as _line
        """
        if not staged.gaps:
            return f"({selected})"
        # a row counted as line n stands after every gap that starts at or before n
        moves = {gap - moved: moved + 1 for moved, gap in enumerate(staged.gaps)}
        shifts = ", ".join(f"({start}, {moved})" for start, moved in moves.items())
        return f"""(
            from ({selected}) as rows
            asof left join (values {shifts}) as gaps(starts, moved)
                on rows._line >= gaps.starts
            select rows.* replace (rows._line + coalesce(gaps.moved, 0) as _line)
        )"""

    def _find_surplus(self) -> None:
        """Of rows with one key keep the last; tell copies from conflicts."""
        # pairs are rare: find them by the key's hash, then look closely at those alone
        self._db.execute(f"""
            create temp table surplus as
            from (
                from judged
                select _at, _record, hash({self._columns}) as row_hash,
                    last(hash({self._columns})) over same as last_hash,
                    last(_at) over same as last_at,
                    last(_record) over same as last_record
                where _fault is null and hash({self._keys}) in (
                    from (from judged select hash({self._keys}) as key_hash
                          where _fault is null)
                    select key_hash group by key_hash having count(*) > 1)
                window same as (
                    partition by {self._keys} order by _at, _record
                    rows between unbounded preceding and unbounded following)
            )
            select _at, _record, row_hash = last_hash as is_copy
            where _at <> last_at or _record <> last_record
        """)  # noqa: S608 - names come from the contract, never from data

    def _find_unchanged(self) -> None:
        paths = ", ".join(literal(str(path)) for path in self._known)
        self._db.execute(f"""
            create view versions as from read_parquet([{paths}], union_by_name=true);
            create temp table known as
            from versions semi join judged using ({self._keys})
            select {self._keys}, max_by(
                {{'row_hash': hash({self._columns}), 'is_deleted': _is_deleted}},
                _known_on) as latest
            group by {self._keys};
            create temp table unchanged as
            from judged inner join known using ({self._keys})
            select _at, _record
            where _fault is null and not latest.is_deleted
                and latest.row_hash = hash({self._columns})
                and not exists (from surplus where surplus._at = judged._at
                                and surplus._record = judged._record);
        """)  # noqa: S608 - names come from the contract, never from data

    def _find_deleted(self, *, is_full: bool) -> None:
        """Find the known keys a full delivery lacks, with their last known values."""
        # a row whose key cannot be read may be any of them: then nothing is deleted
        blind = " or ".join(f"{name(key)} is null" for key in self._contract.keys)
        is_blind = any(one.rejects for one in self._staged) or self._count(
            f"from judged where _fault is not null and ({blind})"
        )
        if not (is_full and self._known) or is_blind:
            self._db.execute("create temp table gone (nothing integer)")
            return
        self._db.execute(f"""
            create temp table gone as
            from (
                from versions anti join judged using ({self._keys})
                select *, row_number() over (
                    partition by {self._keys} order by _known_on desc) as age
            )
            select {self._columns} where age = 1 and not _is_deleted
        """)

    def _count(self, query: str) -> int:
        row = self._db.execute(f"from ({query}) select count(*)").fetchone()
        return int(row[0]) if row else 0

    def _by_file(self, query: str) -> dict[int, int]:
        return dict(self._db.execute(f"{query} group by _at").fetchall())


@contextmanager
def comparing(
    contract: ExtractContract,
    staged: list[StagedFile],
    known: list[Path],
    scratch: Path,
) -> Iterator[Comparison]:
    """Open a comparison that spills to scratch and gives its memory back."""
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"""
            set memory_limit = '{MEMORY}';
            set temp_directory = {literal(str(scratch / "spill"))};
            set timezone = 'UTC';
            set python_enable_replacements = false;
            set enable_progress_bar = false;
        """)
        try:
            yield Comparison(contract, staged, known, connection)
        except duckdb.Error as error:  # no fault of the file: disk, memory, old raw
            raise HomeError(
                f"{contract.id} cannot be compared with what is known: "
                f"{str(error).splitlines()[0]}",
                fix="free disk space; if raw/ was edited by hand, remove "
                f"raw/{contract.system}/{contract.table} and refresh to land it anew",
            ) from error
