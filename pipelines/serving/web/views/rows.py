"""The rows behind a number: any serving table, filtered, as it is."""

from collections.abc import Sequence
from typing import Final

from pipelines.serving.web.browsing import FilterError, browse, readable
from pipelines.serving.web.sections import SHOWN_ROWS, Page

MOST_DOWNLOADED: Final = 200_000
"""Rows of one CSV; they pass through memory, and spreadsheets hold few more."""


def tables(page: Page) -> None:
    """Fill the list of serving tables the visitor may read."""
    page.title = "Tables"
    page.show(
        "tables",
        "Serving tables",
        lambda: [
            {"table": table, "columns_count": len(page.snapshot.catalog[table])}
            for table in readable(page.snapshot, page.scope)
        ],
        columns=["table", "columns_count"],
        caption="What pages are made of; BI tools read the same in serving/aop.duckdb",
        empty="There is no table for your role.",
        lasts="night",
    )


def rows(
    page: Page, table: str, where: Sequence[str], offset: int, *, is_whole: bool
) -> None:
    """Fill the rows of one table that fit every filter; all of them for CSV.

    Raises
    ------
    FilterError
        If a download would hold more than `MOST_DOWNLOADED` rows.
    """
    limit = MOST_DOWNLOADED if is_whole else SHOWN_ROWS
    found = browse(
        page.snapshot,
        page.scope,
        table,
        where=where,
        limit=limit,
        offset=0 if is_whole else offset,
    )
    if is_whole and found.total > MOST_DOWNLOADED:
        raise FilterError(
            f"{found.total} rows of {table} fit, and a download holds at most "
            f"{MOST_DOWNLOADED}",
            fix="filter with ?where=column:value, or read the table from "
            "serving/aop.duckdb or the Parquet beside it",
        )
    page.title = table
    page.lead = ", ".join(where)
    page.extra |= {"template": "rows.html", "answer": found, "offset": offset}
    page.show(
        "rows",
        "Rows",
        lambda: found.rows,
        columns=[column.name for column in found.columns],
        caption=f"{found.total} rows" + (f", from {offset + 1}" if offset else ""),
        empty="No row fits.",
        lasts=(table, *where, limit, offset),
    )
