"""Which judged rows are news: compare them with what is known, write only versions.

Rows are compared by their typed values; the text they came as does not matter.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

import duckdb

from data_contracts.contract import ExtractContract
from data_contracts.errors import HomeError
from pipelines.files import replacing
from pipelines.ingestion.casting import literal, name
from pipelines.ingestion.engine import MEMORY
from pipelines.ingestion.records import SCHEMA_FILE
from pipelines.ingestion.refusing import quarantine_query, rejects
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
    scratch : Path
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
        scratch: Path,
    ) -> None:
        self._contract = contract
        self._staged = staged
        self._known = known
        self._db = connection
        self._scratch = scratch
        self._keys = ", ".join(name(key) for key in contract.keys)
        self._columns = ", ".join(name(one.name) for one in contract.columns)
        self._is_streamed = True  # nothing to leave out: rows may flow straight through

    def settle(self, *, is_full: bool, beyond: Sequence[str] = ()) -> Self:
        """Decide what becomes of every row; nothing is written.

        Parameters
        ----------
        is_full : bool
            A known key that the files do not hold no longer exists.
        beyond : sequence of str
            Batches of which the files say nothing: another source's.
        """
        for view, part in (("judged", self._judged), ("lined", self._lined)):
            parts = [part(place, one) for place, one in enumerate(self._staged)]
            self._db.execute(f"create view {view} as {' union all '.join(parts)}")
        self._find_surplus()
        if self._known:
            self._find_unchanged()
        self._is_streamed = not self._known and self._count("from surplus") == 0
        self._find_deleted(is_full=is_full, beyond=beyond)
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

    def write_news(
        self, final: Path, known_on: date, batches: Sequence[str], *, loaded_on: date
    ) -> int:
        """Write new, changed and deleted versions as Parquet; return how many.

        Where there is none, `final` is removed: a night without news has no file. A
        night landed again keeps, for each row that `final` already holds just so, the
        night it was first loaded on.

        Parameters
        ----------
        final : Path
        known_on : date
            The night they are known since.
        batches : sequence of str
            What each staged file was delivered in.
        loaded_on : date
            The night whose run writes them.
        """
        shown = " ".join(
            f"when {place} then {literal(one.file.shown)}"
            for place, one in enumerate(self._staged)
        )
        named = " ".join(
            f"when {place} then {literal(one)}" for place, one in enumerate(batches)
        )
        news = f"""
            from lined select {self._columns}, date '{known_on}' as _known_on,
                false as _is_deleted, case _at {shown} end as _file, _line,
                case _at {named} end as _batch, date '{loaded_on}' as _loaded_on
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
                    where out._at = lined._at and out._record = lined._record)
            """
        if not self._is_streamed:  # joins mix up the rows
            news += " order by _at, _record"
        if self.deleted:
            news = f"""
                from ({news}) union all
                from (from gone select {self._columns}, date '{known_on}', true,
                    {literal(self._staged[0].file.shown)}, null, {literal(batches[0])},
                    date '{loaded_on}'
                    order by {self._keys})
            """
        if final.is_file():
            news = self._first_loaded(news, final)
        with replacing(final) as temporary:
            rows = self._copy(news, temporary)
        if rows == 0:
            final.unlink()
        return rows

    def write_quarantine(self, final: Path, known_on: date) -> int:
        """Write every refused row whole, with the rule it broke; return how many."""
        conflicts = self._count("from surplus where not is_copy")
        if not conflicts and not any(one.bad for one in self._staged):
            final.unlink(missing_ok=True)
            return 0
        # a file, since the engine would import pandas to look at a frame
        lost = self._scratch / "rejects.parquet"
        rejects(self._staged).write_parquet(lost)
        self._db.execute(f"create view rejects as from {literal(str(lost))}")
        query = quarantine_query(
            self._contract, self._staged, known_on, has_conflicts=conflicts > 0
        )
        with replacing(final) as temporary:
            return self._copy(query, temporary)

    def _first_loaded(self, news: str, before: Path) -> str:
        """Return SQL for the news in their order, rows that stood before as old."""
        # the empty file beside it has the columns an older one may lack
        files = [literal(str(path)) for path in (before.parent / SCHEMA_FILE, before)]
        row_hash = f"hash({self._columns}, _is_deleted)"
        self._db.execute(f"create temp table news as {news}")
        return f"""
            with stood as (
                from read_parquet([{", ".join(files)}], union_by_name=true)
                select {row_hash} as row_hash, min(_loaded_on) as first_on
                group by row_hash
            ),
            hashed as (from news select *, rowid as place, {row_hash} as row_hash)
            from hashed left join stood using (row_hash)
            select hashed.* exclude (place, row_hash) replace (
                least(_loaded_on, first_on) as _loaded_on)
            order by place
        """  # noqa: S608 - names come from the contract, never from data

    def _copy(self, query: str, out: Path) -> int:
        written = self._db.execute(
            f"copy ({query}) to {literal(str(out))} "
            "(format parquet, compression zstd, compression_level 1)"
        ).fetchone()
        return int(written[0]) if written else 0

    def _judged(self, place: int, staged: StagedFile) -> str:
        """Return SQL for one file's rows, each with its place."""
        return f"""(
            from read_parquet({literal(str(staged.path))}, file_row_number=true)
            select {self._columns}, _fault, _value, _source, {place} as _at,
                file_row_number as _record
        )"""

    def _lined(self, place: int, staged: StagedFile) -> str:
        """Return SQL for one file's rows with the line each starts on.

        Lines are asked for only by what is written.
        """
        rows = f"read_parquet({literal(str(staged.path))}, file_row_number=true)"
        line = "_line"
        if staged.lines is not None:
            # both are read in their order, so this keeps it and costs next to nothing
            beside = f"read_parquet({literal(str(staged.lines))})"
            rows = f"(from {rows} as judged positional join {beside} as lines)"
        elif staged.first_line is not None:
            line = f"file_row_number + {staged.first_line}"
        return f"""(
            from {rows}
            select {self._columns}, _fault, _value, _source, {place} as _at,
                file_row_number as _record, cast({line} as bigint) as _line
        )"""

    def _find_surplus(self) -> None:
        """Of rows with one key keep the last; tell copies from conflicts.

        What a later file of changes replaces is no conflict: it is counted as a copy.
        """
        changes = [at for at, one in enumerate(self._staged) if one.is_change]
        is_replaced = f"_at <> last_at and list_contains({changes}, last_at)"
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
            select _at, _record, row_hash = last_hash or ({is_replaced}) as is_copy
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

    def _find_deleted(self, *, is_full: bool, beyond: Sequence[str]) -> None:
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
            select {self._columns}
            where age = 1 and not _is_deleted
                and not list_contains({list(beyond)}, _batch)
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
            yield Comparison(contract, staged, known, connection, scratch)
        except duckdb.Error as error:  # no fault of the file: disk, memory, old raw
            raise HomeError(
                f"{contract.id} cannot be compared with what is known: "
                f"{str(error).splitlines()[0]}",
                fix="free disk space; if raw/ was edited by hand, remove "
                f"raw/{contract.system}/{contract.table} and refresh to land it anew",
            ) from error
