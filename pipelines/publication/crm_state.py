"""What a plan wants of the CRM and what the CRM holds, in one form to compare.

Each rep's book is one Territory2 record whose developer name this module makes up,
so that records of ours are told apart from everybody else's: nothing outside those
territories, the accounts of the plan and the quotas of its reps is ever touched.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

from data_contracts.errors import HomeError

PREFIX: Final = "aop_"
"""Developer names of our territories start with this."""

_ID: Final = {"id": pl.String()}
SCHEMAS: Final[dict[str, dict[str, pl.DataType]]] = {
    "Account": {"account_id": pl.String(), "owner_id": pl.String()},
    "Territory2": {"territory": pl.String(), "name": pl.String(), **_ID},
    "UserTerritory2Association": {
        "user_id": pl.String(),
        "territory": pl.String(),
        **_ID,
    },
    "ObjectTerritory2Association": {
        "account_id": pl.String(),
        "territory": pl.String(),
        **_ID,
    },
    "ForecastingQuota": {
        "owner_id": pl.String(),
        "start_date": pl.Date(),
        "quota_cents": pl.Int64(),
        **_ID,
    },
}
"""Columns by CRM object; ``territory`` is a developer name, ``id`` null if unknown."""

QUERIES: Final = {
    "Account": "SELECT Id, OwnerId FROM Account",
    "Territory2": "SELECT Id, DeveloperName, Name FROM Territory2 "
    "WHERE Territory2ModelId = '{model}'",
    "UserTerritory2Association": "SELECT Id, UserId, Territory2Id "
    "FROM UserTerritory2Association WHERE Territory2.Territory2ModelId = '{model}'",
    "ObjectTerritory2Association": "SELECT Id, ObjectId, Territory2Id "
    "FROM ObjectTerritory2Association WHERE Territory2.Territory2ModelId = '{model}' "
    "AND AssociationCause = 'Territory2Manual'",
    "ForecastingQuota": "SELECT Id, QuotaOwnerId, StartDate, QuotaAmount "
    "FROM ForecastingQuota WHERE ForecastingTypeId = '{forecast}'",
}
"""How to export what is live; each result is saved as ``outbox/live/<object>.csv``."""


@dataclass(frozen=True, slots=True)
class CrmState:
    """Records by CRM object, each frame with the columns of ``SCHEMAS``."""

    frames: Mapping[str, pl.DataFrame]

    def __getitem__(self, crm_object: str) -> pl.DataFrame:
        return self.frames[crm_object]


def territory_of(rep_id: str) -> str:
    """Return the developer name of a rep's territory.

    Letters, digits and single underscores only, as the CRM demands. The CRM takes
    ``a1`` and ``A1`` for one name while its 15-letter ids do not, so each name ends
    in a hash and two reps never share one.

    Examples
    --------
    >>> territory_of("R 1")
    'aop_R_1_6b5f8c3231'
    """
    plain = re.sub(r"[^A-Za-z0-9]+", "_", rep_id)[:60].strip("_")
    mark = hashlib.sha256(rep_id.encode()).hexdigest()[:10]
    return f"{PREFIX}{plain}_{mark}" if plain else PREFIX + mark


def wanted_state(
    content: Mapping[str, pl.DataFrame], *, day: date, names: Mapping[str, str]
) -> CrmState:
    """Return what the CRM must hold on a day for a plan to be live.

    Parameters
    ----------
    content : mapping of component name to frame
        Lines of one version.
    day : date
        Day of the cutover; owners are those of that day, quotas those of the
        months from then on.
    names : mapping of rep id to name
        For the labels of territories; an unknown rep is shown by id.
    """
    owners = content["assignment"].filter(
        pl.col("valid_from") <= day, pl.col("valid_to").fill_null(date.max) >= day
    )
    quotas = content["quota"].filter(pl.col("month_start") >= day.replace(day=1))
    reps = sorted({*owners["rep_id"], *quotas["rep_id"]})
    territories = {rep: territory_of(rep) for rep in reps}
    books = pl.DataFrame(
        {
            "rep_id": reps,
            "territory": [territories[rep] for rep in reps],
            "name": [f"Book of {names.get(rep, rep)}"[:80] for rep in reps],
        },
        schema=dict.fromkeys(("rep_id", "territory", "name"), pl.String()),
    )
    owned = owners.join(books, on="rep_id", how="left")
    return _state(
        {
            "Account": owners.rename({"rep_id": "owner_id"}),
            "Territory2": books,
            "UserTerritory2Association": books.rename({"rep_id": "user_id"}),
            "ObjectTerritory2Association": owned,
            "ForecastingQuota": quotas.rename(
                {"rep_id": "owner_id", "month_start": "start_date"}
            ),
        }
    )


def live_state(folder: Path) -> CrmState:
    """Return what the CRM holds, from the exports people saved.

    Parameters
    ----------
    folder : Path
        Holds ``<object>.csv`` as the queries of ``QUERIES`` return them; an object
        without a file counts as empty.

    Raises
    ------
    HomeError
        If a file lacks a column of its query, or holds a value that is no amount
        or date.
    """
    frames = {name: _export(folder / f"{name}.csv", name) for name in SCHEMAS}
    territories = frames["Territory2"].select(
        pl.col("DeveloperName").alias("territory"),
        pl.col("Name").alias("name"),
        pl.col("Id").alias("id"),
    )
    ours = territories.filter(pl.col("territory").str.starts_with(PREFIX))
    by_id = ours.select(pl.col("id").alias("Territory2Id"), "territory")

    def associations(crm_object: str, key: str, name: str) -> pl.DataFrame:
        return (
            frames[crm_object]
            .join(by_id, on="Territory2Id", how="inner")
            .select(pl.col(key).alias(name), "territory", pl.col("Id").alias("id"))
        )

    return _state(
        {
            "Account": frames["Account"].select(
                pl.col("Id").alias("account_id"), pl.col("OwnerId").alias("owner_id")
            ),
            "Territory2": ours,
            "UserTerritory2Association": associations(
                "UserTerritory2Association", "UserId", "user_id"
            ),
            "ObjectTerritory2Association": associations(
                "ObjectTerritory2Association", "ObjectId", "account_id"
            ),
            "ForecastingQuota": _quotas(frames["ForecastingQuota"], folder),
        }
    )


def _quotas(exported: pl.DataFrame, folder: Path) -> pl.DataFrame:
    try:
        return exported.select(
            pl.col("QuotaOwnerId").alias("owner_id"),
            pl.col("StartDate")
            .str.slice(0, 10)
            .str.to_date("%Y-%m-%d")
            .dt.truncate("1mo")
            .alias("start_date"),
            # through a decimal: an amount read as a float loses cents
            (pl.col("QuotaAmount").cast(pl.Decimal(30, 6)) * 100)
            .round(0)
            .cast(pl.Int64)
            .alias("quota_cents"),
            pl.col("Id").alias("id"),
        )
    except pl.exceptions.PolarsError as error:
        raise HomeError(
            f"{folder / 'ForecastingQuota.csv'} holds a value that is no amount or "
            f"date: {error}",
            fix=f"export it again: {QUERIES['ForecastingQuota']}",
        ) from error


def _export(file: Path, crm_object: str) -> pl.DataFrame:
    columns = QUERIES[crm_object].partition("SELECT ")[2].partition(" FROM")[0]
    needed = [name.strip() for name in columns.split(",")]
    if not file.is_file():
        return pl.DataFrame(schema=dict.fromkeys(needed, pl.String()))
    try:
        found = pl.read_csv(file, infer_schema=False)
        return found.select(needed)
    except pl.exceptions.PolarsError as error:
        raise HomeError(
            f"{file} is no export of {crm_object}: {str(error).splitlines()[0]}",
            fix=f"export it again: {QUERIES[crm_object]}",
        ) from error


def _state(frames: Mapping[str, pl.DataFrame]) -> CrmState:
    shaped = {}
    for crm_object, schema in SCHEMAS.items():
        frame = frames[crm_object]
        if "id" not in frame.columns:
            frame = frame.with_columns(id=pl.lit(None, dtype=pl.String))
        keys = [name for name in schema if name not in ("id", "name", "quota_cents")]
        shaped[crm_object] = frame.select(
            pl.col(name).cast(kind) for name, kind in schema.items()
        ).sort(keys)
    return CrmState(shaped)
