"""Specs for assets that are several tables written by one use case."""

from collections.abc import Iterable, Mapping

import dagster as dg

OWNERS = {
    "reference": "team:revops-data",
    "quality": "team:revops-data",
    "forecast": "team:planning",
    "plan_book": "team:planning",
}


def table_specs(
    room: str,
    tables: Iterable[str] | Mapping[str, object],
    *,
    deps: Iterable[dg.AssetKey],
    kinds: set[str],
) -> list[dg.AssetSpec]:
    """Name one asset per table of a room, all with the same upstream."""
    upstream = list(deps)
    return [
        dg.AssetSpec(
            [room, table],
            deps=upstream,
            group_name=room,
            kinds=kinds,
            owners=[OWNERS[room]],
            description=f"Table {table} of {room}, written whole each night.",
        )
        for table in tables
    ]
