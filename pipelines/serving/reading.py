"""Questions to the serving copy; the ledger is asked directly. Writes nothing."""

from collections.abc import Sequence
from typing import Any

import duckdb

from data_contracts.errors import HomeError
from pipelines.settings import Settings

Rows = list[dict[str, Any]]


def ask(settings: Settings, sql: str, parameters: Sequence[object] = ()) -> Rows:
    """Return the rows of one query on the serving copy, each as a dict.

    The copy is opened for this query alone, so the next one sees a newer copy.

    Raises
    ------
    HomeError
        If there is no home, or no night was ever refreshed.
    """
    copy = settings.require_home().serving_copy
    if not copy.is_file():
        raise HomeError(
            f"home {settings.home} was never refreshed: it has no serving copy",
            fix=f"run a night: aop refresh --home {settings.home}",
        )
    with duckdb.connect(str(copy), read_only=True) as connection:
        found = connection.execute(sql, list(parameters))
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def has_copy(settings: Settings) -> bool:
    """Tell whether any night was ever published to readers."""
    return settings.serving_copy.is_file()
